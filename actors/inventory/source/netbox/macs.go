package netbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"mozpool/actors/inventory/source/record"
)

// devicesAtOnce is for how many devices one query asks. NetBox takes a request
// line of 4094 bytes (gunicorn's limit); ids of ten digits just fit.
const devicesAtOnce = 150

// port is an interface that has a MAC.
type port struct{ name, mac string }

// findMACs fills in the MACs: a query for many devices, not one for each.
func (s *Source) findMACs(ctx context.Context, devices []*device) error {
	for some := range slices.Chunk(devices, devicesAtOnce) {
		ports, err := s.ports(ctx, some)
		if err != nil {
			return err
		}
		for _, d := range some {
			s.choose(d, ports[d.id])
		}
	}
	return nil
}

// ports are the interfaces of some devices that have MACs, by the device's id.
func (s *Source) ports(ctx context.Context, devices []*device) (map[string][]port, error) {
	query := url.Values{"fields": {"id,name,device,mgmt_only,mac_address,mac_addresses"}}
	for _, d := range devices {
		query.Add("device_id", d.id)
	}
	if s.c.Interface != "" {
		query.Set("name", s.c.Interface)
	}
	ports := make(map[string][]port)
	err := s.list(ctx, "dcim/interfaces/", query, func(data json.RawMessage) (string, error) {
		r, err := record.New(data)
		if err != nil {
			return "", err
		}
		id, isID := r.Value("id").(json.Number)
		device, ofDevice := r.Value("device", "id").(json.Number)
		if !isID || !ofDevice {
			return "", errors.New("the interface has no id, or no device")
		}
		if p := portOf(r); p.mac != "" && s.fits(r, p) {
			ports[device.String()] = append(ports[device.String()], p)
		}
		return id.String(), nil
	}, func() { clear(ports) })
	return ports, err
}

// fits tells whether boards may boot from the interface.
func (s *Source) fits(r *record.Reader, p port) bool {
	if s.c.Interface != "" {
		return p.name == s.c.Interface
	}
	mgmt, _ := r.Value("mgmt_only").(bool)
	return !mgmt
}

// portOf reads an interface. NetBox 4.2 gave interfaces several MACs, of which
// one may be primary and is the mac_address that older ones had alone.
func portOf(r *record.Reader) port {
	p := port{name: r.Text("mac", "name"), mac: textOf(r.Value("mac_address"))}
	if p.mac != "" {
		return p
	}
	all := r.List("mac", "mac_addresses")
	for _, m := range all {
		object, _ := m.(map[string]any)
		if p.mac != "" {
			p.mac += " "
		}
		p.mac += textOf(object["mac_address"])
	}
	return p
}

// textOf is a text; what is none is shown as what it is, and is no MAC.
func textOf(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	default:
		return fmt.Sprint(v)
	}
}

// choose gives a device the MAC that it boots with, or says why it has none.
func (s *Source) choose(d *device, ports []port) {
	switch {
	case len(ports) == 0 && s.c.Interface != "":
		d.record.Problem("mac", "it has no interface "+s.c.Interface+" with a MAC address; add it in NetBox, or see: mozpool board discovered")
	case len(ports) == 0:
		d.record.Problem("mac", "none of its interfaces has a MAC address; add it in NetBox, or see: mozpool board discovered")
	case len(ports) > 1:
		names := make([]string, len(ports))
		for i, p := range ports {
			names[i] = p.name
		}
		d.record.Problem("mac", fmt.Sprintf("interfaces %s have one each; say with interface: in the source's configuration which one boards boot from", strings.Join(names, ", ")))
	case strings.Contains(ports[0].mac, " "):
		d.record.Problem("mac", "interface "+ports[0].name+" has MACs "+ports[0].mac+", none of them primary; make one primary in NetBox")
	default:
		d.board.MAC = ports[0].mac
	}
}
