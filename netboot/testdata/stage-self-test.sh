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
# mozpool/self-test: what can be known about a board without destroying
# anything. Each result is one syslog line; the first bad one ends the test.

mp_event self_test_running
MP_STEP=self_test
BLOCK=1048576

# now_ms: hundredths of /proc/uptime are enough for speeds.
now_ms() {
	local up
	read -r up _ </proc/uptime
	echo "$((${up%%.*} * 1000 + 1${up##*.} * 10 - 1000))"
}

# rate BYTES MILLISECONDS: KiB/s.
rate() {
	echo "$(($1 * 1000 / 1024 / ($2 > 0 ? $2 : 1)))"
}

result() {
	MP_STEP=self_test
	mp_log "self-test: $*"
	MP_SUMMARY=$MP_SUMMARY${MP_SUMMARY:+; }$*
}

# Memory: two copies of random data in a quarter of what is free must agree.
test_memory() {
	local free blocks one two
	MP_STEP=memory
	free=${MP_FREE_KB:-$(sed -n 's/^MemAvailable: *\([0-9]*\).*/\1/p' /proc/meminfo)}
	blocks=$((free / 1024 / 8))
	[ "$blocks" -ge 1 ] || mp_fail board "only $free KiB of memory are free"
	[ "$blocks" -le 256 ] || blocks=256
	dd if=/dev/urandom of="$MP_TMP/one" bs=$BLOCK count="$blocks" 2>/dev/null
	cp "$MP_TMP/one" "$MP_TMP/two"
	one=$(mp_sha256 <"$MP_TMP/one")
	two=$(mp_sha256 <"$MP_TMP/two")
	rm -f "$MP_TMP/one" "$MP_TMP/two"
	[ "$one" = "$two" ] || mp_fail board "memory: two copies of $blocks MiB differ"
	result "memory ok, $blocks MiB tried of $((free / 1024)) free"
}

test_card_size() {
	MP_STEP=card
	[ -e "$MP_DISK" ] || mp_fail card "$MP_DISK is not there"
	SIZE=$(mp_size "$MP_DISK")
	[ "${SIZE:-0}" -ge $((4 * BLOCK)) ] || mp_fail card "$MP_DISK has only ${SIZE:-0} bytes"
	result "card has $((SIZE / BLOCK)) MiB"
}

# Sampled reads: 32 places over the whole card, from the card and not from memory.
test_card_reads() {
	local i=0 from started
	MP_STEP=read
	mp_settle "$MP_DISK"
	started=$(now_ms)
	while [ "$i" -lt 32 ]; do
		from=$(((SIZE / BLOCK - 1) * i / 31))
		dd if="$MP_DISK" bs=$BLOCK skip="$from" count=1 of=/dev/null 2>"$MP_TMP/err" ||
			mp_fail card "reading at MiB $from: $(head -n 1 "$MP_TMP/err")"
		i=$((i + 1))
	done
	result "card reads ok at $i places, $(rate $((i * BLOCK)) $(($(now_ms) - started))) KiB/s"
}

# last_used: the first byte behind all partitions and kept areas.
last_used() {
	local end=$BLOCK dir start sectors area
	for dir in "$MP_SYS/class/block/$(basename "$MP_DISK")"*; do
		[ -e "$dir/partition" ] && read -r start <"$dir/start" && read -r sectors <"$dir/size" || continue
		[ $(((start + sectors) * 512)) -le "$end" ] || end=$(((start + sectors) * 512))
	done
	for area in $MP_KEEP; do
		case $area in p*) continue ;; esac
		[ "${area#*-}" -le "$end" ] || end=${area#*-}
	done
	echo "$end"
}

# Writing: a mebibyte in the free space behind the last partition, a mebibyte
# before the end (a GPT has its copy there). What was there is put back.
test_card_write() {
	local from started want got
	MP_STEP=write
	from=$((($(last_used) + BLOCK - 1) / BLOCK))
	if [ "$(((from + 2) * BLOCK))" -gt "$SIZE" ] || [ -z "$(has_partitions)" ]; then
		result "card write not tried: no space is known to be free"
		return
	fi
	dd if="$MP_DISK" bs=$BLOCK skip="$from" count=1 of="$MP_TMP/old" 2>/dev/null || mp_fail card "reading at MiB $from"
	dd if=/dev/urandom of="$MP_TMP/new" bs=$BLOCK count=1 2>/dev/null
	want=$(mp_sha256 <"$MP_TMP/new")
	started=$(now_ms)
	put "$MP_TMP/new" "$from"
	started=$(($(now_ms) - started))
	mp_settle "$MP_DISK"
	got=$(dd if="$MP_DISK" bs=$BLOCK skip="$from" count=1 2>/dev/null | mp_sha256)
	put "$MP_TMP/old" "$from"
	rm -f "$MP_TMP/old" "$MP_TMP/new"
	[ "$got" = "$want" ] || mp_fail card "MiB $from reads back other than it was written"
	result "card writes ok at MiB $from, $(rate $BLOCK "$started") KiB/s"
}

put() {
	dd if="$1" of="$MP_DISK" bs=$BLOCK seek="$2" count=1 conv=notrunc,fsync 2>"$MP_TMP/err" ||
		mp_fail card "writing at MiB $2: $(head -n 1 "$MP_TMP/err")"
}

# A disk without partitions may hold anything anywhere: nothing on it is free.
has_partitions() {
	ls -d "$MP_SYS/class/block/$(basename "$MP_DISK")"*/partition 2>/dev/null
}

# Error counters: of the card (where it keeps some), of the links, of the kernel.
test_counters() {
	local dir name value worst=0 card=''
	MP_STEP=counters
	for dir in "$MP_SYS"/class/net/*; do
		for name in rx_errors tx_errors rx_crc_errors; do
			read -r value <"$dir/statistics/$name" || continue
			[ "$value" -le "$worst" ] || worst=$value
		done
	done 2>/dev/null
	dir=$MP_SYS/class/block/$(basename "$MP_DISK")/device
	for name in life_time pre_eol_info; do
		read -r value 2>/dev/null <"$dir/$name" && card="$card, card $name $value"
	done
	value=$(dmesg 2>/dev/null | grep -c -i 'i/o error')
	result "counters: network errors $worst, kernel i/o errors ${value:-0}$card"
	[ "${value:-0}" = 0 ] || [ -n "$MP_QUIET" ] || mp_fail card "the kernel counted $value i/o errors"
}

# Clock and network: by the boot's own kernel, which the server surely has.
test_network() {
	local started took bytes there
	MP_STEP=network
	started=$(now_ms)
	mp_http kernel 300
	took=$(($(now_ms) - started))
	[ "$MP_STATUS" = 200 ] || mp_fail network "downloading the kernel once more: answer $MP_STATUS"
	bytes=$(($(wc -c <"$MP_HTTP.body")))
	rm -f "$MP_HTTP.body"
	result "network ok, $bytes bytes at $(rate "$bytes" "$took") KiB/s"
	there=$(sed -n 's/^ *[Dd]ate: *\(.*GMT\).*/\1/p' "$MP_HTTP.head" | tail -n 1)
	there=$(date -u -D '%a, %d %b %Y %H:%M:%S GMT' -d "$there" +%s 2>/dev/null || date -u -d "$there" +%s 2>/dev/null) || return 0
	result "clock differs by $(($(date +%s) - there)) s from the server's"
}

test_memory
test_card_size
test_card_reads
test_card_write
test_counters
test_network
mp_event self_test_ok "text=$MP_SUMMARY"
mp_log "self-test passed, booting the card"
mp_leave

}
mp_body
# end of second stage
