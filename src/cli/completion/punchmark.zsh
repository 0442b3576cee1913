#compdef punchmark
# Completion of punchmark in zsh; `punchmark completion zsh` prints it.
_punchmark() {
    local kind value help
    local -a found
    local -a asked
    asked=("${(@Q)words[1,CURRENT]}")
    asked[CURRENT]=$PREFIX
    while IFS=$'\t' read -r kind value help; do
        case $kind in
        word) found+=("${value//:/\\:}${help:+:$help}") ;;
        files | folders)
            if [[ -n $value ]]; then compset -P "${(b)value}"; fi
            if [[ $kind == folders ]]; then _files -/; else _files; fi
            ;;
        esac
    done < <(punchmark completion --answer -- "${asked[@]}" 2>/dev/null)
    if (( $#found )); then _describe punchmark found; fi
}
if [[ $funcstack[1] == _punchmark ]]; then
    _punchmark "$@"
else
    compdef _punchmark punchmark
fi
