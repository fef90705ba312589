// Package boardsim is a development board made of code: it speaks the real protocols, each board from an address of its
// own, in 127.0.0.0/8 unless told otherwise, and fails as real boards do.
//
// A board with power does what U-Boot and the live environment do: it asks for its PXELINUX configuration by TFTP, reads
// initrd and kernel (or does so as iPXE does, see Config.IPXE), fetches the second stage by HTTP, compares, downloads, writes what it has not to a file that is its card, reads back, reports,
// logs by syslog, resets, and boots what is on the card. The loader lives on that card: a board whose loader is
// overwritten is dead for good. It decides nothing that a board would not; what it does is what the server's answers make
// it do. It does not execute sh: it reads the variables and the calls out of the second stage and does the same calls.
//
// The demo, the system tests, the benchmarks and the soak use it; switch its power with PowerOn and PowerOff, as a relay
// would. It cannot simulate ping, which the kernel answers for a dead board too.
package boardsim
