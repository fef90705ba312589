# Boot script of a Panda: the network first, then its card.
#
# 1. Save this text as boot.cmd and pack it (mkimage is in Debian's u-boot-tools):
#      mkimage -A arm -T script -C none -n mozpool -d boot.cmd boot.scr
# 2. Copy boot.scr beside MLO and u-boot.img into the first partition of every
#    card. Images never write there (keep: 0-4MiB, p1): once a card is enough.

# Places in memory, for a U-Boot that has not got them.
test -n "${scriptaddr}" || setenv scriptaddr 0x80000000
test -n "${pxefile_addr_r}" || setenv pxefile_addr_r 0x80100000
test -n "${kernel_addr_r}" || setenv kernel_addr_r 0x82000000
test -n "${fdt_addr_r}" || setenv fdt_addr_r 0x88000000
test -n "${ramdisk_addr_r}" || setenv ramdisk_addr_r 0x88080000

# The card: what the image has put into the second partition. LOCALBOOT, which
# the server answers a board without work, runs localcmd.
setenv card 'for f in /boot/extlinux/extlinux.conf /extlinux/extlinux.conf; do sysboot mmc 0:2 any ${scriptaddr} ${f}; done; for f in /boot/boot.scr /boot.scr; do if load mmc 0:2 ${scriptaddr} ${f}; then source ${scriptaddr}; fi; done'
setenv localcmd 'run card'
{{template "limits"}}
# A Panda's Ethernet hangs on USB.
usb start
{{template "ask" .}}
