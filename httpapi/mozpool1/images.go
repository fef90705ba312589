package mozpool1

import (
	"cmp"
	"fmt"
	"strings"

	"mozpool/actors"
	"mozpool/netboot/images"
)

// image is an entry of image/list.
type image struct {
	ID             uint64   `json:"id"`
	Name           string   `json:"name"`
	BootConfigKeys []string `json:"boot_config_keys"`
	CanReuse       bool     `json:"can_reuse"`
	Hidden         bool     `json:"hidden"`
	HasSUTAgent    bool     `json:"has_sut_agent"`
}

// sutPort is where the agent of the original's images answers.
const sutPort = 20701

func (c *call) all() []images.Image {
	if c.cfg.Catalogue == nil {
		return nil
	}
	if cat := c.cfg.Catalogue(); cat != nil {
		return cat.Images()
	}
	return nil
}

// images lists the images that people may ask for; our own ones for self-tests and maintenance are hidden.
func (c *call) images() (any, error) {
	list := []image{}
	for _, i := range c.all() {
		if !hidden(i) {
			list = append(list, image{ID: numberOf(i.Name), Name: i.Name, BootConfigKeys: append([]string{}, i.ConfigKeys...),
				HasSUTAgent: i.Verify.Kind == images.VerifyTCP && i.Verify.Port == sutPort})
		}
	}
	return map[string]any{"images": list}, nil
}

func hidden(i images.Image) bool { return strings.HasPrefix(i.Name, "mozpool/") }

// pxeConfigs lists what a board can be made to boot: an image each, all of them active.
func (c *call) pxeConfigs() (any, error) { return map[string]any{"pxe_configs": c.imageNames()}, nil }

func (c *call) bootImages() (any, error) { return map[string]any{"bootimages": c.imageNames()}, nil }

func (c *call) imageNames() []string {
	names := []string{}
	for _, i := range c.all() {
		names = append(names, i.Name)
	}
	return names
}

// pxeDetails are those of bmm/pxe_config/NAME/details.
type pxeDetails struct {
	Name        string `json:"name"`
	Version     string `json:"version"`
	Description string `json:"description"`
	Contents    string `json:"contents"`
	Active      bool   `json:"active"`
}

func (c *call) pxeConfig() (any, error) {
	i, err := c.image()
	if err != nil {
		return nil, err
	}
	d := pxeDetails{Name: i.Name, Version: i.Revision, Description: describe(i), Contents: c.contents(i), Active: true}
	return map[string]any{"details": d}, nil
}

func (c *call) image() (images.Image, error) {
	for _, i := range c.all() {
		if i.Name == c.args[0] {
			return i, nil
		}
	}
	return images.Image{}, problem(actors.NotFound, "see /api/bmm/pxe_config/list/", "there is no image %q", c.args[0])
}

func describe(i images.Image) string {
	on := "any hardware"
	if len(i.Hardware) > 0 {
		on = strings.Join(i.Hardware, ", ")
	}
	return fmt.Sprintf("%s image for %s, from %s", i.Install, on, i.Source)
}

// contents is the boot entry as it is rendered for a board of the first hardware type that the image is for, with
// words in place of what differs from boot to boot.
func (c *call) contents(i images.Image) string {
	for _, h := range c.cfg.Catalogue().Hardware() {
		if len(i.Hardware) > 0 && h.Name != i.Hardware[0] {
			continue
		}
		o := images.Order{Image: i.Name, Hardware: images.Machine{Name: h.Name, Append: h.Append, Disk: h.Disk, Loader: h.Loader, Entry: h.Entry}}
		text, err := images.RenderEntry(cmp.Or(h.Loader, images.PXELINUX), o, images.VarsOf(o, images.Boot{Server: "%IPADDRESS%", Port: 80, Token: "TOKEN", Board: "BOARD", MAC: "MAC", Rack: "RACK"}))
		if err != nil {
			return h.Entry // a template that needs keys of a wish
		}
		return string(text)
	}
	return ""
}

// bootDetails are those of bootimage/NAME/details.
type bootDetails struct {
	Name              string `json:"name"`
	Version           string `json:"version"`
	Description       string `json:"description"`
	PXEConfigFilename string `json:"pxe_config_filename"`
}

func (c *call) bootImage() (any, error) {
	i, err := c.image()
	if err != nil {
		return nil, err
	}
	return map[string]any{"details": bootDetails{i.Name, i.Revision, describe(i), i.Name}}, nil
}
