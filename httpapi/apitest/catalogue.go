package apitest

import (
	"context"
	"time"

	"mozpool/netboot/images"
	"mozpool/persistence/strictyaml"
)

// Catalogue implements httpapi.Catalogue: one image and one hardware type.
type Catalogue struct{}

// Images implements httpapi.Catalogue.
func (Catalogue) Images() []images.Image {
	return []images.Image{{Name: "v2", Revision: "0123456789abcdef", Install: images.InstallRaw, ConfigKeys: []string{"build"},
		Artifacts: []images.ArtifactSpec{{Name: "disk", File: "v2.img.gz", To: "disk"}}, Readback: images.ReadbackFull,
		Verify: images.Verify{Kind: images.VerifyPing, For: strictyaml.Duration(10 * time.Second)},
		Limits: images.Limits{"stall": strictyaml.Duration(time.Minute)}, Source: "images.yaml"}}
}

// Hardware implements httpapi.Catalogue.
func (Catalogue) Hardware() []images.Hardware {
	return []images.Hardware{{Name: "panda", Revision: "fedcba9876543210", Live: "live/omap4", Disk: "/dev/mmcblk0", Keep: []images.Area{{End: 4 << 20}, {Part: 1}}, Source: "built in"}}
}

// Verify implements httpapi.Catalogue: every artifact is good.
func (Catalogue) Verify(_ context.Context, i images.Image) ([]images.Verified, error) {
	var all []images.Verified
	for _, a := range i.Artifacts {
		all = append(all, images.Verified{Artifact: a.Name, File: a.File, Want: "ab", Got: "ab"})
	}
	return all, nil
}
