package mozpool1

import (
	"encoding/json"
	"hash/fnv"
	"strconv"
	"strings"
	"time"

	"mozpool/actors"
	"mozpool/netboot/images"
)

// device is an entry of device/list/?details=1. A null request_id: no request holds it, as there are none.
type device struct {
	ID            uint64  `json:"id"`
	Name          string  `json:"name"`
	FQDN          string  `json:"fqdn"`
	InventoryID   uint64  `json:"inventory_id"`
	MACAddress    string  `json:"mac_address"` // lower case, without colons
	ImagingServer string  `json:"imaging_server"`
	RelayInfo     string  `json:"relay_info"` // fqdn:bankN:relayM
	Comments      string  `json:"comments"`
	Environment   string  `json:"environment"`
	Image         string  `json:"image"`
	BootConfig    string  `json:"boot_config"` // JSON in a string
	LastPXEConfig *string `json:"last_pxe_config"`
	State         string  `json:"state"`
	RequestID     *uint64 `json:"request_id"`
}

// boardShape is an entry of board/list/?details=1, the form of 2012.
type boardShape struct {
	ID            uint64 `json:"id"`
	Name          string `json:"name"`
	FQDN          string `json:"fqdn"`
	InventoryID   uint64 `json:"inventory_id"`
	MACAddress    string `json:"mac_address"`
	ImagingServer string `json:"imaging_server"`
	RelayInfo     string `json:"relay_info"`
	Status        string `json:"status"`
}

// line is an entry of a log.
type line struct {
	ID        int64  `json:"id"` // rises within a log
	Timestamp string `json:"timestamp"`
	Source    string `json:"source"`
	Message   string `json:"message"`
}

func (c *call) deviceOf(v *actors.View) device {
	d := device{ID: numberOf(v.Spec.Name), Name: v.Spec.Name, FQDN: fqdn(v), InventoryID: numberOf(v.Spec.ID),
		MACAddress: strings.ReplaceAll(strings.ToLower(v.Spec.MAC.String()), ":", ""), ImagingServer: c.cfg.Server,
		RelayInfo: v.Spec.Power, Comments: v.Board.Comment, Environment: environment(v), Image: v.Board.Card,
		BootConfig: string(bootConfig(v)), State: stateOf(v)}
	if o := orderOf(v); o != nil && o.Install != "" && o.Image != "" && v.Board.Boot > 0 {
		d.LastPXEConfig = &o.Image
	}
	return d
}

func (c *call) boardOf(v *actors.View) boardShape {
	d := c.deviceOf(v)
	return boardShape{ID: d.ID, Name: d.Name, FQDN: d.FQDN, InventoryID: d.InventoryID, MACAddress: d.MACAddress,
		ImagingServer: d.ImagingServer, RelayInfo: d.RelayInfo, Status: d.State}
}

// numberOf makes a number of what is a name with us: the number itself where it is one, else a hash that every server
// computes alike and that JavaScript keeps whole.
func numberOf(id string) uint64 {
	if n, err := strconv.ParseUint(id, 10, 48); err == nil {
		return n
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(id)) // never fails
	return h.Sum64() >> 16
}

// fqdn is what clients connect to: the board's address where it is known.
func fqdn(v *actors.View) string {
	if v.Address.IsValid() && !strings.Contains(v.Spec.Name, ".") {
		return v.Address.String()
	}
	return v.Spec.Name
}

// environmentLabel is the label that the original's environments are.
const environmentLabel = "environment"

func environment(v *actors.View) string {
	if e := v.Labels()[environmentLabel]; e != "" {
		return e
	}
	return "none"
}

// orderOf is what the board's attempt pinned; nil: none.
func orderOf(v *actors.View) *images.Order {
	if v.Inputs == nil {
		return nil
	}
	o, _ := v.Inputs.Order.(*images.Order)
	return o
}

// bootConfig is the configuration of the board's image, as JSON.
func bootConfig(v *actors.View) json.RawMessage {
	if o := orderOf(v); o != nil && len(o.Config) > 0 {
		if data, err := json.Marshal(o.Config); err == nil {
			return data
		}
	}
	return json.RawMessage("{}")
}

// naive writes a time as the original did: ISO, microseconds, UTC, and no word of the zone.
func naive(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000") }
