# --- disks and what must never be overwritten --------------------------------

# mp_part N: prints the device of the disk's partition N, once the kernel has it.
mp_part() {
	local dev tries=0
	case $MP_DISK in
	*[0-9]) dev=${MP_DISK}p$1 ;;
	*) dev=$MP_DISK$1 ;;
	esac
	while [ ! -e "$dev" ]; do
		[ "$tries" -lt 10 ] || mp_fail card "there is no partition $1 on $MP_DISK"
		tries=$((tries + 1))
		blockdev --rereadpt "$MP_DISK" 2>/dev/null
		$MP_NODES 2>/dev/null
		[ -e "$dev" ] || sleep "$MP_TICK"
	done
	echo "$dev"
}

# mp_size DEVICE: prints its size in bytes.
mp_size() {
	if [ -b "$1" ]; then
		blockdev --getsize64 "$1"
	else
		wc -c <"$1"
	fi
}

# mp_partition_of_disk DEVICE: prints N if it is partition N of the disk.
mp_partition_of_disk() {
	local rest=${1#"$MP_DISK"}
	[ "$rest" != "$1" ] || return 1
	case $MP_DISK in *[0-9]) rest=${rest#p} ;; esac
	case $rest in '' | *[!0-9]*) return 1 ;; esac
	echo "$rest"
}

# mp_span N: prints the first byte and the length of partition N of the disk.
mp_span() {
	local dir=$MP_SYS/class/block start sectors
	dir=$dir/$(basename "$(mp_part "$1")")
	read -r start <"$dir/start" && read -r sectors <"$dir/size" || return 1
	echo "$((start * 512)) $((sectors * 512))"
}

# mp_guard DEVICE LENGTH: refuses what does not exist, is too small, or holds
# the loader. Loading the image refused it already; this is the second line.
mp_guard() {
	local dev start=0 length=$2 number size
	case $1 in
	/dev/*) [ -b "$1" ] || mp_fail card "$1 is not there" ;;
	*) [ -b "$1" ] || [ -f "$1" ] || mp_fail card "$1 is not there" ;;
	esac
	dev=$(readlink -f "$1")
	MP_DISK=$(readlink -f "$MP_DISK")
	size=$(mp_size "$dev") || mp_fail card "$1 does not tell its size"
	[ "$length" -le "$size" ] || mp_fail image "$length bytes do not fit on $1, which has $size"
	if number=$(mp_partition_of_disk "$dev"); then
		mp_guard_partition "$number" "$length" "$1"
	elif [ "$dev" = "$MP_DISK" ]; then
		mp_guard_disk "$length"
	fi
}

# mp_guard_partition N LENGTH NAME: LENGTH 0 means all of it.
mp_guard_partition() {
	local area span length=$2
	[ -n "$MP_KEEP" ] || return 0
	for area in $MP_KEEP; do
		[ "$area" != "p$1" ] || mp_fail image "$3 is to be kept (keep: $area): it holds the loader"
	done
	span=$(mp_span "$1") || mp_fail card "the kernel does not tell where $3 lies"
	[ "$length" -gt 0 ] || length=${span#* }
	mp_guard_range "${span% *}" $((${span% *} + length))
}

# mp_guard_disk LENGTH: an image of the whole disk brings its own partition
# table, so it replaces every kept partition wherever that lies.
mp_guard_disk() {
	local area
	for area in $MP_KEEP; do
		case $area in p*) mp_fail image "an image of the whole disk would replace $area, which is to be kept" ;; esac
	done
	mp_guard_range 0 "$1"
}

# mp_guard_range FROM TO: bytes of the disk, TO exclusive; so are kept areas.
mp_guard_range() {
	local area
	for area in $MP_KEEP; do
		case $area in p*) continue ;; esac
		if [ "$1" -lt "${area#*-}" ] && [ "$2" -gt "${area%-*}" ]; then
			mp_fail image "bytes $1 to $2 of $MP_DISK would overwrite $area, which is to be kept"
		fi
	done
}

# mp_guard_dir DIR: must be a mounted file system (else the files would land in
# memory and be called written), and not a kept one.
mp_guard_dir() {
	local dir dev='' d m number
	dir=$(readlink -f "$1")
	while read -r d m _; do
		[ "$m" != "$dir" ] || dev=$d
	done <"$MP_MOUNTS"
	[ -n "$dev" ] || mp_fail image "nothing is mounted on $1"
	dev=$(readlink -f "$dev")
	MP_DISK=$(readlink -f "$MP_DISK")
	if number=$(mp_partition_of_disk "$dev"); then
		mp_guard_partition "$number" 0 "$dev"
	elif [ "$dev" = "$MP_DISK" ] && [ -n "$MP_KEEP" ]; then
		mp_fail image "$1 is the whole disk, of which a part is to be kept"
	fi
}

# mp_settle [DEVICE]: what is read from now on comes from the card, not from memory.
mp_settle() {
	sync
	[ -b "$1" ] && blockdev --flushbufs "$1" 2>/dev/null
	echo 3 >"$MP_DROP" 2>/dev/null || :
}
