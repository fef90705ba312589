package demo

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"mozpool/netboot/boardsim"
)

const (
	imageName    = "demo-1.0"
	imageSize    = 4 << 20
	cardSize     = 8 << 20
	bootFileSize = 256 << 10
	configFile   = "mozpool.yaml"
)

// The files that an operator would write. The loader lives in the first 2 MiB of the simulated card.
const (
	configText = `server: demo
data: data
files: files
boards: boards.yaml
images: images.yaml
api: {listen: "127.0.0.1:0"}
racks:
  ` + rackName + `: {listen: 127.0.0.1, ports: {http: 0, tftp: 0, syslog: 0}, boots_at_once: %d}
`
	imagesText = `hardware:
  simulated: {live: live/simulated, append: "console=sim0", disk: /dev/sim0, keep: ["0-2MiB"]}
images:
- name: ` + imageName + `
  hardware: [simulated]
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
	for name, data := range map[string][]byte{
		configFile:                                 fmt.Appendf(nil, configText, cmp.Or(o.BootsAtOnce, 16)),
		"boards.yaml":                              r.boardsText(o.Boards),
		"images.yaml":                              []byte(imagesText),
		"files/live/simulated/vmlinuz":             bytes.Repeat([]byte("k"), bootFileSize),
		"files/live/simulated/initrd":              bytes.Repeat([]byte("i"), bootFileSize),
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

// boardsText is the inventory's file.
func (r *Rack) boardsText(boards int) []byte {
	var out strings.Builder
	out.WriteString("boards:\n")
	for i := range boards {
		p := boardsim.PlaceOf(i, perRelayBoard)
		fmt.Fprintf(&out, "- {name: %s, mac: %q, rack: %s, hardware: simulated, power: \"%s:bank%d:relay%d\", address: %s, place: \"chassis %d slot %d\"}\n",
			boardsim.NameOf(i+1), boardsim.MACOf(i+1), rackName, r.Relays[p.RelayBoard].Addr(), p.Bank, p.Relay,
			boardsim.AddressOf(boardsim.DefaultBase, i+1), p.RelayBoard+1, i%perRelayBoard+1)
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
