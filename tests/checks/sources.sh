# shellcheck shell=bash
# Which files are the project's own. Sourced by the checks, from the repository's root.

# sources PATTERN...: tracked files and new ones that git does not ignore, NUL-terminated.
sources() {
    local file
    git -c safe.directory='*' ls-files -z --cached --others --exclude-standard -- "$@" |
        while IFS= read -r -d '' file; do
            [ ! -f "$file" ] || printf '%s\0' "$file"
        done
}
