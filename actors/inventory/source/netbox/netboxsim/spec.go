package netboxsim

import (
	"strconv"

	"mozpool/actors/inventory"
)

// Role is that of the devices that FromSpec makes, and Filter finds them.
const (
	Role   = "board"
	Filter = "role=board&status=active"
)

// FromSpec is the device that a NetBox with mozpool's custom fields would have
// for a board. The board's id has to be a decimal number; its place is the site.
func FromSpec(s inventory.Spec) Device {
	id, _ := strconv.Atoi(s.ID) // 0 for what is no number, which no NetBox has
	d := Device{ID: id, Name: s.Name, Site: s.Place, Role: Role, Type: s.Hardware, Status: "active",
		Custom:     map[string]any{"mozpool_rack": s.Rack, "mozpool_power": s.Power, "mozpool_console": s.Console},
		Interfaces: []Interface{{Name: "eth0", MAC: string(s.MAC)}}}
	for key, value := range s.Labels {
		d.Tags = append(d.Tags, key+":"+value)
	}
	if s.Address.IsValid() {
		d.Address = s.Address.String() + "/24"
	}
	return d
}
