# Completion of punchmark in bash, from 4.3 on; `punchmark completion bash` prints it.
_punchmark() {
    local words=() head='' line=$COMP_LINE at piece rest kind value prefix path found item
    # Bash cuts words at = and :, too. What no blank stands between is one word.
    for ((at = 0; at <= COMP_CWORD; at++)); do
        piece=${COMP_WORDS[at]}
        rest=${line#"${line%%[![:space:]]*}"}
        if [[ $at -eq 0 || $rest != "$line" ]]; then
            words+=("${piece/#\~\//$HOME/}")
            head=''
        else
            head=${words[-1]}
            words[-1]+=$piece
        fi
        line=${rest#"$piece"}
    done
    if [[ ${COMP_WORDS[COMP_CWORD]} =~ ^[=:]+$ ]]; then
        head=${words[-1]}
    elif [[ -z $head ]]; then
        words[-1]=$2
    fi
    COMPREPLY=()
    while IFS=$'\t' read -r kind value _; do
        case $kind in
        word) COMPREPLY+=("${value#"$head"}") ;;
        files | folders)
            prefix=$value
            path=${words[-1]#"$prefix"}
            compopt -o filenames 2>/dev/null
            mapfile -t found < <(compgen "$([[ $kind = files ]] && echo -f || echo -d)" -- "$path")
            for item in "${found[@]}"; do
                item=$prefix$item
                COMPREPLY+=("${item#"$head"}")
            done
            ;;
        esac
    done < <(punchmark completion --answer -- "${words[@]}" 2>/dev/null)
    [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null
    return 0
}
complete -F _punchmark punchmark
