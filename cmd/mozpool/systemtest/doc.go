// Package systemtest drives whole servers and real (virtual) boards: QEMU with
// U-Boot in a network namespace of its own, DHCP by dnsmasq, power by a
// simulated relay board whose relays start and stop QEMU. It decides nothing
// about the product; it holds the verbs (Namespace, Board, disks) in which
// end-to-end tests are written. Nothing but its own tests calls it.
//
// The tests need root, ip, dnsmasq, qemu-system-aarch64, u-boot-qemu, and the
// folder that fetch-debs fills (MOZPOOL_DEBS); where one is missing they skip
// with a sentence that names it.
package systemtest
