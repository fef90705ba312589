package mozilla

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"mozpool/actors/inventory/source/record"
)

// The first adapter of the first interface is the one that boards boot from.
const (
	firstNIC     = "nic0"
	firstAdapter = "hw0"
)

// mac is that of a host: of its static registrations or, in older inventories,
// of a key. Several, none of them the first, are a problem.
func mac(r *record.Reader) string {
	found := registered(r)
	if first, ok := found[firstNIC+" "+firstAdapter]; ok {
		return first
	}
	switch all := slices.Sorted(maps.Keys(found)); len(all) {
	case 0:
	case 1:
		return found[all[0]]
	default:
		r.Problem("mac", fmt.Sprintf("the host has MACs of %s, and none of %s %s, which boards boot from", strings.Join(all, ", "), firstNIC, firstAdapter))
		return ""
	}
	old := key(r, "mac", macKey)
	if old == "" {
		r.Problem("mac", "the host has neither an adapter with a MAC in staticreg_set nor "+macKey+"; add it in the inventory, or see: mozpool board discovered")
	}
	return old
}

// registered are a host's MACs, by interface and adapter.
func registered(r *record.Reader) map[string]string {
	out := make(map[string]string)
	nics, _ := r.Value("staticreg_set").(map[string]any)
	for nic := range nics {
		adapters, _ := r.Value("staticreg_set", nic, "hwadapter_set").(map[string]any)
		for adapter := range adapters {
			if mac := r.Text("mac", "staticreg_set", nic, "hwadapter_set", adapter, "mac"); mac != "" {
				out[nic+" "+adapter] = mac
			}
		}
	}
	return out
}
