# Completion of punchmark in fish; `punchmark completion fish` prints it.
function __punchmark_answer
    set -l typed (commandline --current-token)
    set -l words (commandline --tokenize --cut-at-cursor --current-process) $typed
    for line in (punchmark completion --answer -- $words 2>/dev/null)
        set -l part (string split --max 2 \t -- $line)
        switch $part[1]
            case word
                printf '%s\t%s\n' $part[2] $part[3]
            case files folders
                set -l path (string sub --start (math (string length -- "$part[2]") + 1) -- "$typed")
                if test $part[1] = files
                    printf '%s\n' $part[2](__fish_complete_path "$path")
                else
                    printf '%s\n' $part[2](__fish_complete_directories "$path")
                end
        end
    end
end
complete --command punchmark --no-files --arguments '(__punchmark_answer)'
