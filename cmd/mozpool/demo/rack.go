package demo

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"mozpool/cmd/mozpool/config"
	"mozpool/cmd/mozpool/server"
	"mozpool/netboot/boardsim"
	"mozpool/relayproto"
	"mozpool/relayproto/relaysim"
)

const (
	perRelayBoard = 14
	imageName     = "demo-1.0"
	imageSize     = 4 << 20
	cardSize      = 8 << 20
	bootFileSize  = 256 << 10
)

// Rack is a server with a simulated rack behind it.
type Rack struct {
	Server *server.Server
	Boards *boardsim.Rack
	Relays []*relaysim.Board
	dir    string
}

// NewRack makes files, relay boards, a server and boards, in a folder of its own. Boards have power, and empty cards.
func NewRack(ctx context.Context, o Options) (_ *Rack, err error) {
	r := &Rack{}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.Close())
		}
	}()
	if r.dir, err = os.MkdirTemp("", "mozpool-demo-"); err != nil {
		return nil, err
	}
	if err := r.plugRelays(o); err != nil {
		return nil, err
	}
	if err := r.writeFiles(o); err != nil {
		return nil, err
	}
	cfg, problems, _ := config.Load(filepath.Join(r.dir, "mozpool.yaml"))
	if err := problems.Err(); err != nil {
		return nil, err
	}
	if r.Server, err = server.Open(ctx, cfg, server.Options{Logger: o.Logger, Speed: o.Speed}); err != nil {
		return nil, err
	}
	addrs := r.Server.Racks()["r1"]
	r.Boards, err = boardsim.NewRack(boardsim.RackConfig{Boards: o.Boards, Dir: r.dir, PerRelayBoard: perRelayBoard,
		Board: boardsim.Config{TFTP: addrs.TFTP, UpPort: int(addrs.HTTP.Port()), CardSize: cardSize, Speed: o.Speed, FaultRate: o.FaultRate, Seed: o.Seed}})
	if err != nil {
		return nil, err
	}
	for _, b := range r.Boards.Boards {
		b.PowerOn()
	}
	return r, nil
}

// plugRelays makes a relay board for each perRelayBoard boards.
func (r *Rack) plugRelays(o Options) error {
	for i := range (o.Boards + perRelayBoard - 1) / perRelayBoard {
		b, err := relaysim.Listen("127.0.0.1:0", relaysim.Options{Speed: o.Speed, OnSwitch: func(relay relayproto.Relay, on bool) {
			r.Boards.Switch(boardsim.Place{RelayBoard: i, Bank: relay.Bank, Relay: relay.Number}, on)
		}})
		if err != nil {
			return err
		}
		r.Relays = append(r.Relays, b)
	}
	return nil
}

// writeFiles writes what an operator would have: configuration, boards, images, a live environment.
func (r *Rack) writeFiles(o Options) error {
	boards := &strings.Builder{}
	boards.WriteString("boards:\n")
	for n := 1; n <= o.Boards; n++ {
		i := n - 1
		p := boardsim.Place{RelayBoard: i / perRelayBoard, Bank: i%perRelayBoard/8 + 1, Relay: i%perRelayBoard%8 + 1}
		fmt.Fprintf(boards, "- {name: %s, mac: %q, rack: r1, hardware: simulated, power: \"%s:bank%d:relay%d\", address: %s, place: \"chassis %d slot %d\"}\n",
			boardsim.NameOf(n), boardsim.MACOf(n), r.Relays[p.RelayBoard].Addr(), p.Bank, p.Relay, boardsim.AddressOf(boardsim.DefaultBase, n),
			p.RelayBoard+1, i%perRelayBoard+1)
	}
	files := map[string]string{
		"mozpool.yaml": "server: demo\ndata: data\nfiles: files\nboards: boards.yaml\nimages: images.yaml\napi: {listen: \"127.0.0.1:0\"}\n" +
			fmt.Sprintf("racks:\n  r1: {listen: 127.0.0.1, ports: {http: 0, tftp: 0, syslog: 0}, boots_at_once: %d}\n", cmp.Or(o.BootsAtOnce, 16)),
		"boards.yaml": boards.String(),
		"images.yaml": "hardware:\n  simulated: {live: live/simulated, append: \"console=sim0\", disk: /dev/sim0, keep: [\"0-2MiB\"]}\n" +
			"images:\n- name: " + imageName + "\n  hardware: [simulated]\n  install: raw\n" +
			"  artifacts: [{name: system, file: " + imageName + ".img.gz, to: p2}]\n  verify: {kind: callback}\n",
		"files/live/simulated/vmlinuz": strings.Repeat("k", bootFileSize),
		"files/live/simulated/initrd":  strings.Repeat("i", bootFileSize),
	}
	for name, text := range files {
		if err := write(filepath.Join(r.dir, name), []byte(text)); err != nil {
			return err
		}
	}
	return r.writeImage()
}

func (r *Rack) writeImage() error {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if err := boardsim.MakeImage(z, boardsim.Image{Name: imageName, Callback: true}, imageSize); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return fmt.Errorf("pack the image: %w", err)
	}
	return write(filepath.Join(r.dir, "files/artifacts", imageName+".img.gz"), packed.Bytes())
}

func write(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o644)
}

// WishAll asks for the image on every board, through the API.
func (r *Rack) WishAll(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(16)
	for _, v := range r.Server.Fleet().Views() {
		g.Go(func() error { return r.wish(ctx, v.Spec.Name) })
	}
	return g.Wait()
}

func (r *Rack) wish(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.Server.APIURL()+"/api/v1/boards/"+name+"/image", strings.NewReader(`{"image":"`+imageName+`"}`))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", "demo-"+name)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("ask for an image on %s: %w", name, err)
	}
	defer func() { _ = res.Body.Close() }() // was read
	if res.StatusCode != http.StatusAccepted {
		text, _ := io.ReadAll(io.LimitReader(res.Body, 4<<10)) // the status says enough where this fails
		return fmt.Errorf("ask for an image on %s: %s: %s", name, res.Status, bytes.TrimSpace(text))
	}
	return nil
}

// Close ends boards and relay boards and removes the folder. The server has its own end, in Run.
func (r *Rack) Close() error {
	var errs []error
	if r.Boards != nil {
		errs = append(errs, r.Boards.Close())
	}
	for _, b := range r.Relays {
		errs = append(errs, b.Close())
	}
	if r.dir != "" {
		errs = append(errs, os.RemoveAll(r.dir))
	}
	return errors.Join(errs...)
}

// WriteBootFile puts a file of so many bytes into the server's boot folder, for those who measure.
func (r *Rack) WriteBootFile(name string, size int64) error {
	path := filepath.Join(r.dir, "files/boot", name)
	if err := write(path, nil); err != nil {
		return err
	}
	return os.Truncate(path, size)
}
