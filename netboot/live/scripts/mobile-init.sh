#!/bin/sh
# First stage: reads mobile-imaging-url= from the kernel's command line, sets
# the clock by the server's, fetches the second stage, runs it. It asks again
# for at least half an hour; then the board boots its card. Nothing on the card
# is touched here. What can be set from outside is for tests only.

: "${MP_CMDLINE:=/proc/cmdline}" "${MP_RETRY_FOR:=1800}" "${MP_RETRY_MAX:=30}"
: "${MP_REBOOT:=reboot -f}" "${MP_SETDATE:=date -u -D}" "${MP_SYSLOGD:=syslogd}" "${MP_LINGER:=1800}"
script=${TMPDIR:-/tmp}/second-stage.sh
head=${TMPDIR:-/tmp}/second-stage.head

say() {
	echo "mozpool: $*"
	logger -p local0.info -t mozpool -- "$*" 2>/dev/null
}

# url: the last one on the command line wins, as with the kernel's own options.
url() {
	local word found=''
	for word in $(cat "$MP_CMDLINE"); do
		case $word in mobile-imaging-url=*) found=${word#*=} ;; esac
	done
	echo "$found"
}

seconds() {
	local up
	read -r up _ </proc/uptime
	echo "${up%%.*}"
}

# set_clock: boards have no battery; a clock of 1970 breaks certificates, file
# times and the reading of logs.
set_clock() {
	local date
	date=$(sed -n 's/^ *[Dd]ate: *\(.*GMT\).*/\1/p' "$head" | tail -n 1)
	[ -n "$date" ] && $MP_SETDATE '%a, %d %b %Y %H:%M:%S GMT' -s "$date" >/dev/null 2>&1
}

# fetch: `timeout wget`, as `wget -T` of Debian 12's busybox crashes. A script
# that arrived in part is not run: a whole one ends in a line that says so.
fetch() {
	rm -f "$script"
	timeout 60 wget -q -S -O "$script" "$1" 2>"$head" </dev/null || return 1
	[ "$(tail -n 1 "$script")" = '# end of second stage' ]
}

main() {
	local url since wait=0
	url=$(url)
	if [ -z "$url" ]; then
		say "no mobile-imaging-url= on the kernel's command line"
		return
	fi
	host=${url#*://}
	host=${host%%[:/]*}
	[ -e /dev/log ] || $MP_SYSLOGD -R "$host" 2>/dev/null
	since=$(seconds)
	until fetch "$url"; do
		if grep -q -e 'HTTP/[0-9.]* 410' "$head"; then
			say "the server says that this boot is over"
			return
		fi
		if [ $(($(seconds) - since)) -ge "$MP_RETRY_FOR" ]; then
			say "no second stage from $host in ${MP_RETRY_FOR}s"
			return
		fi
		wait=$((wait * 2))
		[ "$wait" -ge 1 ] || wait=1
		[ "$wait" -le "$MP_RETRY_MAX" ] || wait=$MP_RETRY_MAX
		echo "mozpool: no second stage from $host yet, asking again in ${wait}s"
		sleep "$wait"
	done
	set_clock
	say "live environment is up, running the second stage"
	if ! sh "$script"; then
		say "the second stage failed; staying up for ${MP_LINGER}s so that it can be looked at"
		sleep "$MP_LINGER"
	fi
}

main
sync
$MP_REBOOT
