
mp_body() {
:
MP_STEP=mount
mkdir -p /mnt
mount "$(mp_part 2)" /mnt || mp_fail card "cannot mount p2"
mp_clear /mnt
mp_untar 'rootfs' /mnt
umount /mnt || mp_fail card "cannot unmount p2"
mp_reboot

}
mp_body
# end of second stage
