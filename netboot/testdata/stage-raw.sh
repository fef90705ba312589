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
	'disk')
		A_PATH='artifact/disk' A_SIZE=16 A_SHA256='9f9f5111f7b27a781f1f1ddde5ebc2dd2b796bfc7365c9c28b548e564176929f' A_PACK=''
		A_SKIP=0 A_LEN=16 A_UNPACKED='9f9f5111f7b27a781f1f1ddde5ebc2dd2b796bfc7365c9c28b548e564176929f'
		A_FILES='' A_FILES_SHA256=''
		A_BLOCKS='blocks/disk' A_BLOCKS_SHA256='d73670311399b9cf8fb9fbec7b6364836a86c0292ed389d206f848134023b7ad' A_BLOCK=2097152
		;;
	*) return 1 ;;
	esac
}

# (the library)

mp_body() {
:
mp_write 'disk' "$MP_DISK"
mp_reboot

}
mp_body
# end of second stage
