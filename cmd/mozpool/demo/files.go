package demo

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"mozpool/actors/inventory"
	"mozpool/netboot/boardsim"
)

const (
	imageName    = "demo-1.0"
	imageSize    = 4 << 20
	cardSize     = 8 << 20
	bootFileSize = 256 << 10
	configFile   = "mozpool.yaml"
	hardware     = "simulated"
)

// The files that an operator would write. The loader lives in the first 2 MiB of the simulated card.
const (
	configText = `server: demo
data: data
files: files
%sboards: boards.yaml
images: images.yaml
api: {listen: "127.0.0.1:0"}
racks:
  ` + rackName + `: {listen: 127.0.0.1, ports: {http: 0, tftp: 0, syslog: 0}, boots_at_once: %d}
`
	imagesText = `hardware:
  ` + hardware + `: {live: live/simulated, append: "console=sim0", disk: /dev/sim0, keep: ["0-2MiB"]}
images:
- name: ` + imageName + `
  hardware: [` + hardware + `]
  install: raw
  artifacts: [{name: system, file: ` + imageName + `.img.gz, to: p2}]
  verify: {kind: callback}
`
)

// writeFiles writes what an operator would have: configuration, boards, images, a live environment, an image.
func (r *Rack) writeFiles(o Options) error {
	image, err := packedImage()
	if err != nil {
		return err
	}
	source, boards := "", boardsText(r.specs(o.Boards))
	if r.inventory != nil {
		source, boards = r.inventory.config(), []byte("boards: []\n")
	}
	for name, data := range map[string][]byte{
		configFile:                     fmt.Appendf(nil, configText, source, cmp.Or(o.BootsAtOnce, 16)),
		"boards.yaml":                  boards,
		tokenFile:                      []byte(inventoryToken + "\n"),
		"images.yaml":                  []byte(imagesText),
		"files/live/simulated/vmlinuz": bytes.Repeat([]byte("k"), bootFileSize),
		"files/live/simulated/initrd":  bytes.Repeat([]byte("i"), bootFileSize),
		"files/artifacts/" + imageName + ".img.gz": image,
	} {
		path := filepath.Join(r.dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// boardsText is the boards' file.
func boardsText(boards []inventory.Spec) []byte {
	var out strings.Builder
	out.WriteString("boards:\n")
	for _, b := range boards {
		fmt.Fprintf(&out, "- {name: %s, mac: %q, rack: %s, hardware: %s, power: %q, address: %s, place: %q}\n", b.Name, b.MAC, b.Rack, b.Hardware, b.Power, b.Address, b.Place)
	}
	return []byte(out.String())
}

// packedImage is the image as it lies on the server.
func packedImage() ([]byte, error) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if err := boardsim.MakeImage(z, boardsim.Image{Name: imageName, Callback: true}, imageSize); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("pack the image: %w", err)
	}
	return packed.Bytes(), nil
}

// WriteBootFile puts a file of so many bytes into the server's boot folder, for those who measure.
func (r *Rack) WriteBootFile(name string, size int64) error {
	path := filepath.Join(r.dir, "files/boot", name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		return err
	}
	return os.Truncate(path, size)
}
