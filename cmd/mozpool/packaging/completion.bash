_mozpool() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} at= word words=
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$at $word" in
    ' board'|' board accept'|' board attempts'|' board cancel'|' board comment'|' board discovered'|' board image'|' board list'|' board lock'|' board log'|' board maintenance'|' board power'|' board self-test'|' board set-state'|' board show'|' board unlock'|' board wait'|' board why'|' completion'|' config'|' config check'|' config default'|' demo'|' event'|' event watch'|' event webhooks'|' hardware'|' hardware list'|' image'|' image add'|' image list'|' incident'|' incident close'|' incident list'|' live'|' live build'|' loader'|' loader script'|' rack'|' rack check-wiring'|' rack learn'|' rack list'|' relay'|' relay cycle'|' relay list'|' relay off'|' relay on'|' relay show'|' relay status'|' relay test'|' reload'|' report'|' serve'|' server'|' server backup'|' server restore'|' server verify'|' token'|' token create'|' token list'|' token revoke'|' version'|'') at="$at $word" ;;
    esac
  done
  case "$at|$prev" in
  ' board'*'|--output'|' board'*'|-o') words='table json yaml name' ;;
  ' event'*'|--output'|' event'*'|-o') words='table json yaml name' ;;
  ' hardware'*'|--output'|' hardware'*'|-o') words='table json yaml name' ;;
  ' image'*'|--output'|' image'*'|-o') words='table json yaml name' ;;
  ' incident'*'|--output'|' incident'*'|-o') words='table json yaml name' ;;
  ' rack'*'|--output'|' rack'*'|-o') words='table json yaml name' ;;
  ' relay'*'|--output'|' relay'*'|-o') words='table json yaml name' ;;
  ' report'*'|--output'|' report'*'|-o') words='table json yaml html' ;;
  esac
  [ -n "$words" ] || case "$at" in
  '') words='board completion config demo event hardware image incident live loader rack relay reload report serve server token version --server --token --help' ;;
  ' board') words='accept attempts cancel comment discovered image list lock log maintenance power self-test set-state show unlock wait why --output --server --token --help' ;;
  ' board accept') words='--dry-run --selector --output --server --token --help' ;;
  ' board attempts') words='--limit --output --server --token --help' ;;
  ' board cancel') words='--dry-run --force --selector --output --server --token --help' ;;
  ' board comment') words='--dry-run --selector --output --server --token --help' ;;
  ' board discovered') words='--output --server --token --help' ;;
  ' board image') words='--config --dry-run --image --selector --wait --output --server --token --help' ;;
  ' board list') words='--image --label --rack --selector --state --text --watch --output --server --token --help' ;;
  ' board lock') words='--dry-run --for --selector --why --output --server --token --help' ;;
  ' board log') words='--all --follow --severity --since --source --tail --text --until --output --server --token --help' ;;
  ' board maintenance') words='--dry-run --selector --wait --output --server --token --help' ;;
  ' board power') words='on off cycle --dry-run --selector --wait --output --server --token --help' ;;
  ' board self-test') words='--dry-run --selector --wait --output --server --token --help' ;;
  ' board set-state') words='new ready troubleshooting locked_out --dry-run --selector --output --server --token --help' ;;
  ' board show') words='--selector --output --server --token --help' ;;
  ' board unlock') words='--dry-run --selector --output --server --token --help' ;;
  ' board wait') words='--output --server --token --help' ;;
  ' board why') words='--selector --output --server --token --help' ;;
  ' completion') words='bash zsh fish --server --token --help' ;;
  ' config') words='check default --server --token --help' ;;
  ' config check') words='--server --token --help' ;;
  ' config default') words='--data --files --http --listen --syslog --tftp --server --token --help' ;;
  ' demo') words='--boards --fault --fault-rate --json --log --once --seed --speed --server --token --help' ;;
  ' event') words='watch webhooks --output --server --token --help' ;;
  ' event watch') words='--after --board --rack --state --output --server --token --help' ;;
  ' event webhooks') words='--output --server --token --help' ;;
  ' hardware') words='list --output --server --token --help' ;;
  ' hardware list') words='--output --server --token --help' ;;
  ' image') words='add list --output --server --token --help' ;;
  ' image add') words='--config --hardware --name --to --verify --write --output --server --token --help' ;;
  ' image list') words='--output --server --token --help' ;;
  ' incident') words='close list --output --server --token --help' ;;
  ' incident close') words='--output --server --token --help' ;;
  ' incident list') words='--all --output --server --token --help' ;;
  ' live') words='build --server --token --help' ;;
  ' live build') words='--arch --busybox --dtb --extra --kernel --modules --modules-from --output --verbose --server --token --help' ;;
  ' loader') words='script --server --token --help' ;;
  ' loader script') words='--config --hardware --mac --rack --server --token --help' ;;
  ' rack') words='check-wiring learn list --output --server --token --help' ;;
  ' rack check-wiring') words='--relays --output --server --token --help' ;;
  ' rack learn') words='--hardware --prefix --relays --output --server --token --help' ;;
  ' rack list') words='--output --server --token --help' ;;
  ' relay') words='cycle list off on show status test --output --server --token --help' ;;
  ' relay cycle') words='--direct --force --output --server --token --help' ;;
  ' relay list') words='--output --server --token --help' ;;
  ' relay off') words='--direct --force --output --server --token --help' ;;
  ' relay on') words='--direct --force --output --server --token --help' ;;
  ' relay show') words='--output --server --token --help' ;;
  ' relay status') words='--direct --force --output --server --token --help' ;;
  ' relay test') words='--output --server --token --help' ;;
  ' reload') words='--server --token --help' ;;
  ' report') words='--output --rack --since --server --token --help' ;;
  ' serve') words='--config --data --files --level --listen --name --profiles --server --token --help' ;;
  ' server') words='backup restore verify --server --token --help' ;;
  ' server backup') words='--server --token --help' ;;
  ' server restore') words='--data --server --token --help' ;;
  ' server verify') words='--server --token --help' ;;
  ' token') words='create list revoke --config --file --server --token --help' ;;
  ' token create') words='--expires --rack --role --config --file --server --token --help' ;;
  ' token list') words='--config --file --server --token --help' ;;
  ' token revoke') words='--config --file --server --token --help' ;;
  ' version') words='--server --token --help' ;;
  esac
  case "$at|$cur" in
  *'|-'*) ;;
  ' board accept|'*) words="$words $(timeout 2 mozpool board list -o name 2>/dev/null)" ;;
  ' board attempts|'*) words="$words $(timeout 2 mozpool board list -o name 2>/dev/null)" ;;
  ' board cancel|'*) words="$words $(timeout 2 mozpool board list -o name 2>/dev/null)" ;;
  ' board comment|'*) words="$words $(timeout 2 mozpool board list -o name 2>/dev/null)" ;;
  ' board image|'*) words="$words $(timeout 2 mozpool board list -o name 2>/dev/null)" ;;
  ' board list|'*) words="$words $(timeout 2 mozpool board list -o name 2>/dev/null)" ;;
  ' board lock|'*) words="$words $(timeout 2 mozpool board list -o name 2>/dev/null)" ;;
  ' board log|'*) words="$words $(timeout 2 mozpool board list -o name 2>/dev/null)" ;;
  ' board maintenance|'*) words="$words $(timeout 2 mozpool board list -o name 2>/dev/null)" ;;
  ' board power|'*) words="$words $(timeout 2 mozpool board list -o name 2>/dev/null)" ;;
  ' board self-test|'*) words="$words $(timeout 2 mozpool board list -o name 2>/dev/null)" ;;
  ' board set-state|'*) words="$words $(timeout 2 mozpool board list -o name 2>/dev/null)" ;;
  ' board show|'*) words="$words $(timeout 2 mozpool board list -o name 2>/dev/null)" ;;
  ' board unlock|'*) words="$words $(timeout 2 mozpool board list -o name 2>/dev/null)" ;;
  ' board wait|'*) words="$words $(timeout 2 mozpool board list -o name 2>/dev/null)" ;;
  ' board why|'*) words="$words $(timeout 2 mozpool board list -o name 2>/dev/null)" ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -o default -F _mozpool mozpool
