package images

import (
	"time"

	"mozpool/persistence/strictyaml"
)

// BuiltIn is the source of what comes with the server.
const BuiltIn = "built in"

// builtinHardware are the types that are there without images.yaml, which may
// replace each of them.
func builtinHardware() map[string]Hardware {
	booting := Limits{"booting": strictyaml.Duration(3 * time.Minute)}
	types := map[string]Hardware{}
	for _, h := range []Hardware{
		{Name: "qemu-arm64", Live: "live/arm64", Append: "console=ttyAMA0 panic=10", Disk: "/dev/vda", Limits: booting},
		{Name: "qemu-amd64", Live: "live/amd64", Append: "console=ttyS0 panic=10", Disk: "/dev/vda", Limits: booting},
		// A Panda's ROM loads its boot loader from the first partition.
		{Name: "panda", Live: "live/omap4", FDT: "omap4-panda-es.dtb", Append: "console=ttyO2,115200n8", Disk: "/dev/mmcblk0",
			Keep: []Area{{End: 4 << 20}, {Part: 1}}},
	} {
		h.SelfTest, h.Maintenance, h.Source = SelfTest, Maintenance, BuiltIn
		h.Revision = revisionOfType(h)
		types[h.Name] = h
	}
	return types
}

// builtinImages are the two images that need no file. A script that the caller
// does not give is empty: such an image can be listed but not resolved.
func builtinImages(scripts map[string]string) map[string]Image {
	out := map[string]Image{}
	for _, name := range []string{Maintenance, SelfTest} {
		i := Image{Name: name, Install: InstallScript, Script: scripts[name], Readback: ReadbackOff,
			Verify: Verify{Kind: VerifyNone}, Source: BuiltIn}
		i.Revision = revisionOf(i, nil)
		out[name] = i
	}
	return out
}
