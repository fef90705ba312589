package several

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"

	"mozpool/netboot/boardsim"
)

// Image is the image that the cluster has, and Artifact its file.
const (
	Image    = "demo-1.0"
	Artifact = "artifacts/" + Image + ".img.gz"
)

const (
	imageSize    = 4 << 20
	bootFileSize = 256 << 10
	imagesText   = `hardware:
  simulated: {live: live/simulated, append: "console=sim0", disk: /dev/sim0, keep: ["0-2MiB"], limits: {%s}}
images:
- name: ` + Image + `
  hardware: [simulated]
  install: raw
  artifacts: [{name: system, file: ` + Image + `.img.gz, to: p2}]
  verify: {kind: callback}
`
)

// writeFiles writes what all servers read, boards and images, and what each has for itself: a live environment, an image.
func (c *Cluster) writeFiles() error {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if err := boardsim.MakeImage(z, boardsim.Image{Name: Image, Callback: true}, imageSize); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return fmt.Errorf("pack the image: %w", err)
	}
	limits := ""
	if c.o.Stall != 0 {
		limits = fmt.Sprintf("stall: %v", c.o.Stall)
	}
	all := map[string][]byte{"boards.yaml": c.boardsText(), "images.yaml": fmt.Appendf(nil, imagesText, limits)}
	for _, p := range c.Servers {
		for name, data := range map[string][]byte{
			"live/simulated/vmlinuz": bytes.Repeat([]byte("k"), bootFileSize),
			"live/simulated/initrd":  bytes.Repeat([]byte("i"), bootFileSize),
			Artifact:                 packed.Bytes(),
		} {
			all[filepath.Join(p.Name, "files", name)] = data
		}
	}
	for name, data := range all {
		if err := write(c.path(name), data); err != nil {
			return err
		}
	}
	return nil
}

// File is where one of a server's files lies, such as Artifact.
func (p *Process) File(name string) string {
	return filepath.Join(filepath.Dir(p.Config), "files", name)
}

func write(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o644)
}
