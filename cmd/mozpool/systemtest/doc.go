// Package systemtest drives whole servers and real (virtual) boards: QEMU with
// U-Boot or PXE firmware in a network namespace of its own, DHCP by dnsmasq,
// power by a simulated relay board whose relays start and stop QEMU. It decides
// nothing about the product; it holds the verbs (Rack, Board, Server, Image) in
// which end-to-end tests are written. Nothing but its own tests calls it.
//
// The tests need root, ip, dnsmasq, QEMU, and the folder that fetch-debs fills
// (MOZPOOL_DEBS); where one is missing they skip with a sentence that names it.
package systemtest
