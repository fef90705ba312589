package netboxsim

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// matchers are the filters that are known; any other is ignored, as by NetBox.
// Those whose value has to name something that exists are strict.
var matchers = map[string]struct {
	strict bool
	values func(Device) []string
}{
	"id":          {false, func(d Device) []string { return []string{strconv.Itoa(d.ID)} }},
	"name":        {false, func(d Device) []string { return []string{d.Name} }},
	"status":      {false, func(d Device) []string { return []string{d.Status} }},
	"role":        {true, func(d Device) []string { return []string{d.Role} }},
	"site":        {true, func(d Device) []string { return []string{slug(d.Site)} }},
	"device_type": {true, func(d Device) []string { return []string{d.Type} }},
	"tag": {true, func(d Device) []string {
		slugs := make([]string, len(d.Tags))
		for i, t := range d.Tags {
			slugs[i] = slug(t)
		}
		return slugs
	}},
}

// deviceList are the devices that the filters let through, as NetBox shows
// them, sorted as is asked.
func (n *NetBox) deviceList(query url.Values) ([]object, string) {
	found := n.devices
	for key, m := range matchers {
		wanted := query[key]
		if len(wanted) == 0 {
			continue
		}
		matches := func(d Device) bool {
			return slices.ContainsFunc(m.values(d), func(v string) bool { return slices.Contains(wanted, v) })
		}
		if m.strict && len(n.devices) > 0 && !slices.ContainsFunc(n.devices, matches) {
			return nil, key
		}
		if key == "tag" { // several have to be there all; of anything else one suffices
			matches = func(d Device) bool {
				return !slices.ContainsFunc(wanted, func(w string) bool { return !slices.Contains(m.values(d), w) })
			}
		}
		found = slices.DeleteFunc(slices.Clone(found), func(d Device) bool { return !matches(d) })
	}
	found = slices.Clone(found)
	slices.SortFunc(found, func(a, b Device) int {
		if query.Get("ordering") == "id" {
			return a.ID - b.ID
		}
		return strings.Compare(a.Name, b.Name)
	})
	out := make([]object, len(found))
	for i, d := range found {
		out[i] = d.object()
		for key, value := range n.spoiled[d.ID] {
			out[i][key] = value
		}
	}
	return out, ""
}

// interfaceList are the interfaces of devices; all of those that are asked for
// have to be there.
func (n *NetBox) interfaceList(query url.Values) ([]object, string) {
	for _, id := range query["device_id"] {
		if !slices.ContainsFunc(n.devices, func(d Device) bool { return strconv.Itoa(d.ID) == id }) {
			return nil, "device_id"
		}
	}
	out := make([]object, 0, len(n.devices))
	for _, d := range n.devices {
		if ids := query["device_id"]; len(ids) > 0 && !slices.Contains(ids, strconv.Itoa(d.ID)) {
			continue
		}
		for i, p := range d.Interfaces {
			if names := query["name"]; len(names) > 0 && !slices.Contains(names, p.Name) {
				continue
			}
			out = append(out, n.port(d, d.ID*interfacesOfDevice+i, p))
		}
	}
	slices.SortFunc(out, func(a, b object) int { return a["id"].(int) - b["id"].(int) })
	return out, ""
}

// interfacesOfDevice leaves room for each device's interfaces among the ids.
const interfacesOfDevice = 10

func (d Device) object() object {
	o := object{
		"id": d.ID, "name": nil, "display": d.Name, "serial": "", "asset_tag": nil, "tags": tags(d.Tags), "custom_fields": maps.Clone(d.Custom),
		"site": named(d.Site), "location": nil, "rack": nil, "role": object{"id": 1, "slug": d.Role}, "platform": nil, "tenant": nil,
		"device_type": object{"id": 1, "model": d.Type, "slug": d.Type}, "status": object{"value": d.Status, "label": d.Status},
		"position": nil, "parent_device": nil, "primary_ip": nil, "primary_ip4": nil,
	}
	if d.Custom == nil {
		o["custom_fields"] = object{}
	}
	if d.Name != "" {
		o["name"] = d.Name
	}
	if d.Rack != "" {
		o["rack"] = named(d.Rack)
	}
	if d.Position > 0 {
		o["position"] = d.Position
	}
	if d.Parent != "" {
		parent := named(d.Parent)
		parent["device_bay"] = named(d.Bay)
		o["parent_device"] = parent
	}
	if d.Address != "" {
		o["primary_ip4"] = object{"id": d.ID, "family": 4, "address": d.Address}
		o["primary_ip"] = o["primary_ip4"]
	}
	return o
}

func (n *NetBox) port(d Device, id int, p Interface) object {
	o := object{"id": id, "name": p.Name, "mgmt_only": p.MgmtOnly, "device": object{"id": d.ID, "name": d.Name}, "mac_address": nil}
	if p.MAC != "" {
		o["mac_address"] = p.MAC
	}
	if n.o.Old {
		return o
	}
	macs := []object{}
	for _, mac := range append(slices.Clone(p.MACs), p.MAC) {
		if mac != "" {
			macs = append(macs, object{"id": id, "mac_address": mac})
		}
	}
	o["mac_addresses"] = macs
	return o
}

func tags(names []string) []object {
	out := []object{}
	for i, name := range names {
		out = append(out, object{"id": i + 1, "name": name, "slug": slug(name), "color": "9e9e9e"})
	}
	return out
}

func named(name string) object { return object{"id": 1, "name": name, "slug": slug(name)} }

// slug is how NetBox proposes to write a name in addresses.
func slug(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-', r == '_':
			return r
		case r == ' ', r == '.':
			return '-'
		}
		return -1
	}, strings.ToLower(name))
}
