#!/bin/sh
# Second stage of board board1, attempt 1, boot 2.

MP_URLS='http://127.0.0.1:8000/b/aebagaaaaaaaaaaaaaaaaaaaaa'
MP_URL='http://127.0.0.1:8000/b/aebagaaaaaaaaaaaaaaaaaaaaa'
MP_SERVER='127.0.0.1'
MP_SYSLOG='127.0.0.1:514'
MP_BOARD='board1'
MP_MAC='52:54:00:01:00:01'
MP_RACK='r1'
MP_HARDWARE='qemu-arm64'
MP_IMAGE='v1'
MP_ATTEMPT='1'
MP_BOOT='2'
MP_DISK='/dev/vda'
MP_KEEP=''
MP_READBACK='full'

mp_config_value() {
	case $1 in
	'build') printf '%s\n' '42' ;;
	*) return 1 ;;
	esac
}

mp_facts() {
	case $1 in
	*) return 1 ;;
	esac
}

# (the library)

mp_body() {
:
# mozpool/maintenance: stays up until its boot is over, and says how to get in.

# Announces the ways in: ssh if this live environment has it, else the console.
maintenance_ssh() {
	local daemon
	for daemon in dropbear sshd; do
		command -v "$daemon" >/dev/null || continue
		case $daemon in
		dropbear) mkdir -p /etc/dropbear && dropbear -R ;;
		sshd) mkdir -p /run/sshd && ssh-keygen -A >/dev/null && "$(command -v sshd)" ;;
		esac && return 0
	done
	return 1
}

maintenance_console() {
	command -v cttyhack >/dev/null || return 1
	while :; do
		setsid cttyhack sh
		sleep 1
	done </dev/console >/dev/console 2>&1 &
}

maintenance_addresses() {
	ip -4 -o addr show scope global 2>/dev/null | sed 's/.* inet \([0-9.]*\).*/\1/' | tr '\n' ' '
}

MP_STEP=maintenance
ways="its serial console"
for address in $(maintenance_addresses); do
	maintenance_ssh && ways="ssh root@$address, or $ways"
	break
done
mp_event maintenance_up
mp_log "maintenance: $MP_BOARD is up; get in by $ways"
[ -n "$MP_QUIET" ] || maintenance_console
# The server answers 410 once this boot is over, which ends the loop by a reboot.
while sleep "${MP_MAINTENANCE_EVERY:-60}"; do
	mp_event maintenance_up
done

}
mp_body
# end of second stage
