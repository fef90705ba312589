package doctor

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/pin/tftp/v3"

	"mozpool/netboot/images"
)

const (
	largestTried  = 64 << 20 // bytes of the file that is read from ourselves
	defaultEntry  = "pxelinux.cfg/default"
	tftpPatience  = 2 * time.Second
	tftpQuestions = 2
	httpPatience  = time.Minute
	usualBlock    = 1468 // U-Boot's
)

// transfers reads a file as a loader does, by TFTP and by HTTP, and compares it with the one on the disk.
func transfers(ctx context.Context, s *Site) []Finding {
	const check = "transfer"
	if s.Server == nil {
		return []Finding{amber(check, "", "no server runs, so nothing was transferred", "start it: mozpool serve; or give --server if its API listens elsewhere")}
	}
	sample, err := chooseSample(filepath.Join(s.Config.Files, "boot"))
	if err != nil {
		return []Finding{red(check, s.Config.Files, "the files for loaders cannot be read: "+err.Error(), "correct `files`, or the permissions below it")}
	}
	var out []Finding
	for _, name := range racksOf(s) {
		r := s.Config.Racks[name]
		if r.Ports.TFTP != 0 {
			at := netip.AddrPortFrom(r.Listen.Addr, r.Ports.TFTP)
			out = append(out, judgeTransfer(name, "TFTP", sample, timed(func(h hash.Hash) error { return byTFTP(at, sample.name, h) })))
		}
		if r.Ports.HTTP != 0 && !sample.built {
			at := netip.AddrPortFrom(r.Listen.Addr, r.Ports.HTTP)
			out = append(out, judgeTransfer(name, "HTTP", sample, timed(func(h hash.Hash) error { return byHTTP(ctx, at, sample.name, h) })))
		}
	}
	return out
}

// sample is a file that loaders may ask for.
type sample struct {
	name  string // as loaders know it
	size  int64
	sum   [sha256.Size]byte
	built bool // it is built in; by TFTP only
}

// chooseSample takes the largest file of boot/ that does not take too long, else the default entry, which is always there.
func chooseSample(boot string) (sample, error) {
	var s sample
	err := filepath.WalkDir(boot, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if err != nil || info.Size() <= s.size || info.Size() > largestTried {
			return err
		}
		s.name, err = filepath.Rel(boot, path)
		s.name, s.size = filepath.ToSlash(s.name), info.Size()
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return s, err
	}
	if s.name == "" {
		return sample{name: defaultEntry, size: int64(len(images.DefaultEntry)), sum: sha256.Sum256([]byte(images.DefaultEntry)), built: true}, nil
	}
	data, err := os.ReadFile(filepath.Join(boot, filepath.FromSlash(s.name)))
	s.sum = sha256.Sum256(data)
	return s, err
}

// result is how a transfer went.
type result struct {
	sum  [sha256.Size]byte
	took time.Duration
	err  error
}

func timed(read func(hash.Hash) error) (r result) {
	h := sha256.New()
	began := time.Now()
	r.err = read(h)
	r.took = time.Since(began)
	h.Sum(r.sum[:0])
	return r
}

func judgeTransfer(rack, protocol string, s sample, r result) Finding {
	const check = "transfer"
	switch {
	case r.err != nil:
		return red(check, rack, fmt.Sprintf("%s by %s: %v", s.name, protocol, r.err), "let the firewall pass it (TFTP answers from ports of its own), and see that it is mozpool that listens there")
	case r.sum != s.sum:
		return red(check, rack, fmt.Sprintf("%s by %s came with other bytes than the file has", s.name, protocol), "another server answers there, or the running one has another `files` folder; if the file was just replaced, run this again")
	}
	return green(check, rack, fmt.Sprintf("%s by %s: %d bytes in %v, hash right", s.name, protocol, s.size, r.took.Round(time.Millisecond)))
}

func byTFTP(at netip.AddrPort, name string, into io.Writer) error {
	c, err := tftp.NewClient(at.String())
	if err != nil {
		return err
	}
	c.SetTimeout(tftpPatience)
	c.SetRetries(tftpQuestions)
	c.SetBlockSize(usualBlock)
	from, err := c.Receive(name, "octet")
	if err != nil {
		return err
	}
	_, err = from.WriteTo(into)
	return err
}

// direct asks no proxy: boards have none.
var direct = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: httpPatience}

func byHTTP(ctx context.Context, at netip.AddrPort, name string, into io.Writer) error {
	u := url.URL{Scheme: "http", Host: at.String(), Path: "/boot/" + name}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return err
	}
	res, err := direct.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }() // was only read
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s was answered with %s", u.String(), res.Status)
	}
	_, err = io.Copy(into, io.LimitReader(res.Body, largestTried+1))
	return err
}
