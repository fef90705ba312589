package mozpool1

import (
	"encoding/json"
	"fmt"
	"strings"

	"mozpool/actors"
	"mozpool/actors/board"
	"mozpool/netboot/images"
)

// nothing is the answer of what has nothing to say.
type nothing struct{}

// object reads the body as a JSON object; an empty one is an empty object.
func (c *call) object() (map[string]any, error) {
	o := map[string]any{}
	if len(strings.TrimSpace(string(c.req.Body))) == 0 {
		return o, nil
	}
	if err := json.Unmarshal(c.req.Body, &o); err != nil || o == nil {
		return nil, problem(actors.BadRequest, "send a JSON object", "the body is no JSON object")
	}
	return o, nil
}

// text reads a key that must be a text.
func text(o map[string]any, key string) (string, error) {
	s, ok := o[key].(string)
	if !ok {
		return "", problem(actors.BadRequest, fmt.Sprintf(`send {"%s": "…"}`, key), "the key %s is missing, or no text", key)
	}
	return s, nil
}

// configOf reads a boot configuration: an object, or as the original had it a text that is JSON. Values that are no
// texts are written as JSON; null is as good as absent, since clients send it for what they do not use.
func configOf(value any) (map[string]string, error) {
	wrong := problem(actors.BadRequest, `send {"key": "value"}, as an object or as a text`, "the boot_config is no JSON object")
	if s, ok := value.(string); ok {
		value = nil
		if strings.TrimSpace(s) != "" {
			if err := json.Unmarshal([]byte(s), &value); err != nil {
				return nil, wrong
			}
		}
	}
	if value == nil {
		return nil, nil
	}
	object, ok := value.(map[string]any)
	if !ok {
		return nil, wrong
	}
	config := make(map[string]string, len(object))
	for k, v := range object {
		switch v := v.(type) {
		case nil:
		case string:
			config[k] = v
		default:
			data, err := json.Marshal(v)
			if err != nil {
				return nil, wrong
			}
			config[k] = string(data)
		}
	}
	return config, nil
}

func (c *call) wish(v *actors.View, r actors.Request) error {
	r.By, r.ID = c.req.Caller.Name, c.req.Key
	_, err := c.cfg.Fleet.Wish(c.ctx, v.Spec.Name, r)
	return err
}

func (c *call) do(v *actors.View, o actors.Order) error {
	o.By, o.ID = c.req.Caller.Name, c.req.Key
	_, err := c.cfg.Fleet.Do(c.ctx, v.Spec.Name, o)
	return err
}

// powerCycle boots the board from its card, or with pxe_config puts that image on it.
func (c *call) powerCycle() (any, error) {
	v, err := c.mine()
	if err != nil {
		return nil, err
	}
	o, err := c.object()
	if err != nil {
		return nil, err
	}
	if o["pxe_config"] == nil {
		return nothing{}, c.wish(v, actors.Request{Want: board.WantPowerCycle})
	}
	name, err := text(o, "pxe_config")
	if err != nil {
		return nil, err
	}
	config, err := configOf(o["boot_config"])
	if err != nil {
		return nil, err
	}
	return nothing{}, c.wish(v, c.imageWish(v, name, config))
}

// imageWish asks for an image; for the one that the hardware type has for self-tests or maintenance, it asks for that.
func (c *call) imageWish(v *actors.View, name string, config map[string]string) actors.Request {
	if h := c.hardware(v.Spec.Hardware); h != nil {
		switch name {
		case h.SelfTest:
			return actors.Request{Want: board.WantSelfTest}
		case h.Maintenance:
			return actors.Request{Want: board.WantMaintenance}
		}
	}
	return actors.Request{Want: board.WantImage, Image: name, Config: config}
}

func (c *call) hardware(name string) *images.Hardware {
	if c.cfg.Catalogue == nil || c.cfg.Catalogue() == nil {
		return nil
	}
	for _, h := range c.cfg.Catalogue().Hardware() {
		if h.Name == name && name != "" {
			return &h
		}
	}
	return nil
}

// powerOff changes something by GET, as the original did.
func (c *call) powerOff() (any, error) {
	v, err := c.mine()
	if err != nil {
		return nil, err
	}
	return nothing{}, c.wish(v, actors.Request{Want: board.WantPowerOff})
}

// clearPXE has nothing to do: a boot entry dies with its boot, no later reboot finds it.
func (c *call) clearPXE() (any, error) {
	_, err := c.mine()
	return nothing{}, err
}

func (c *call) setComments() (any, error) {
	v, err := c.mine()
	if err != nil {
		return nil, err
	}
	o, err := c.object()
	if err != nil {
		return nil, err
	}
	comment, err := text(o, "comments")
	if err != nil {
		return nil, err
	}
	return nothing{}, c.do(v, actors.Order{Kind: board.Remark, Text: comment})
}

// setEnvironment is taken only where it says what is there already: an environment is a label, and labels belong to
// the inventory that the board came from.
func (c *call) setEnvironment() (any, error) {
	v, err := c.mine()
	if err != nil {
		return nil, err
	}
	o, err := c.object()
	if err != nil {
		return nil, err
	}
	want, err := text(o, "environment")
	if err != nil {
		return nil, err
	}
	if want != environment(v) {
		return nil, problem(actors.Refused, "set the label environment where the board is listed, then reload",
			"device %s is in environment %q by its inventory", v.Spec.Name, environment(v))
	}
	return nothing{}, nil
}

// relayTest has a relay board answer a question about one of its relays, in turn with the automation.
func (c *call) relayTest() (any, error) {
	name := c.args[0]
	for _, r := range c.cfg.Fleet.Relays() {
		host, _, _ := strings.Cut(r.Name, ":")
		if r.Name != name && host != name || len(r.Boards) == 0 {
			continue
		}
		v := c.cfg.Fleet.ByName(r.Boards[0])
		if v == nil {
			continue
		}
		_, err := c.cfg.Fleet.Relay(c.ctx, v.Spec.Power, actors.RelayStatus, c.req.Caller.Name, false)
		return map[string]bool{"success": err == nil}, nil
	}
	return nil, problem(actors.NotFound, "see /api/v1/relays", "there is no relay board %q", name)
}
