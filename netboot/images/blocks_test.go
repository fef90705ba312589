package images

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/zstd"
	"pgregory.net/rapid"
)

func zstOf(data []byte) []byte {
	w, err := zstd.NewWriter(nil)
	if err != nil {
		panic(err)
	}
	return w.EncodeAll(data, nil)
}

func random(n int) []byte {
	source := rand.NewChaCha8([32]byte{1})
	out := make([]byte, n)
	_, _ = source.Read(out) // never fails
	return out
}

func sumOf(b []byte) string { return fmt.Sprintf("%x", sha256.Sum256(b)) }

// TestBlockList: a line for each block, zeros marked, whether the file is packed or not, whole or one partition of it.
func TestBlockList(t *testing.T) {
	t.Parallel()
	data := slicesOf(random(BlockSize), make([]byte, BlockSize), random(1000))
	want := sumOf(data[:BlockSize]) + "\n" + sumOf(make([]byte, BlockSize)) + " 0\n" + sumOf(data[2*BlockSize:]) + "\n"
	for name, content := range map[string][]byte{"a.img": data, "a.img.gz": gz(data), "a.img.xz": xzOf(data), "a.img.zst": zstOf(data)} {
		s := newSite(t)
		s.put("artifacts/"+name, content)
		c := s.must(image("file: " + name))
		o, err := c.Resolve(t.Context(), "v2", "qemu-arm64", nil)
		if err != nil {
			t.Fatal(err)
		}
		a := o.Artifacts[0]
		got, err := c.Blocks(a)
		if err != nil || string(got) != want || sumOf(got) != a.Unpacked.Blocks || a.Unpacked.Size != int64(len(data)) || a.Unpacked.SHA256 != sumOf(data) {
			t.Errorf("%s: %q, %v, %+v", name, got, err, a)
		}
	}
}

func slicesOf(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// TestPartitionHasBlocks: the list is of the partition that the board gets, not of the file.
func TestPartitionHasBlocks(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.put("artifacts/disk.img", mbrDisk())
	c := s.must(strings.Replace(image("file: disk.img, part: 2"), "to: disk", "to: p2", 1))
	o, err := c.Resolve(t.Context(), "v2", "qemu-arm64", nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.Blocks(o.Artifacts[0])
	if want := sumOf(bytes.Repeat([]byte{2}, 8*sector)) + "\n"; err != nil || string(got) != want {
		t.Errorf("%q, %v; want %q", got, err, want)
	}
}

// TestBlockListGone: a list that somebody deleted is made again when the images are loaded, and until then there is none.
func TestBlockListGone(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.put("artifacts/a.img", []byte("content"))
	c := s.must(image("file: a.img"))
	o, err := c.Resolve(t.Context(), "v2", "qemu-arm64", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(s.dir, "store", blocksFolder)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Blocks(o.Artifacts[0]); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a list that is gone: %v", err)
	}
	if _, err := c.Blocks(Artifact{Name: "old"}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an artifact pinned without a list: %v", err)
	}
	c = s.must(image("file: a.img"))
	if got, err := c.Blocks(o.Artifacts[0]); err != nil || string(got) != sumOf([]byte("content"))+"\n" {
		t.Errorf("after a reload: %q, %v", got, err)
	}
}

// TestUnpackedInStore: what boards cannot unpack, and what an image wants unpacked, is served from the store as it is, and
// takes no room for its zeros there.
func TestUnpackedInStore(t *testing.T) {
	t.Parallel()
	data := slicesOf(random(1000), make([]byte, 8<<20), random(777))
	for name, c := range map[string]struct {
		keys    string
		content []byte
	}{
		"zst":        {"file: a.img.zst", zstOf(data)},
		"gz, wanted": {"file: a.img.gz, unpack: true", gz(data)},
	} {
		s := newSite(t)
		s.put("artifacts/"+strings.TrimSuffix(strings.Fields(c.keys)[1], ","), c.content)
		catalogue := s.must(image(c.keys + ", sha256: " + sumOf(c.content)))
		o, err := catalogue.Resolve(t.Context(), "v2", "qemu-arm64", nil)
		if err != nil {
			t.Fatal(err)
		}
		a := o.Artifacts[0]
		if a.In != InStore || a.Compression != Plain || a.SHA256 != sumOf(data) || a.Unpacked.SHA256 != sumOf(data) {
			t.Errorf("%s: pinned %+v", name, a)
		}
		f, err := catalogue.Open(a.File)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(f)
		if err != nil || !bytes.Equal(got, data) || f.Close() != nil {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
		if used := blocksUsed(t, f.Name()); used > 1<<20 {
			t.Errorf("%s: takes %d bytes of the disk", name, used)
		}
		i, _ := catalogue.Image("v2")
		if all, err := catalogue.Verify(t.Context(), i); err != nil || all[0].Problem != "" {
			t.Errorf("%s: %+v, %v", name, all, err)
		}
		if err := os.WriteFile(f.Name(), []byte("rot"), 0o644); err != nil {
			t.Fatal(err)
		}
		if all, err := catalogue.Verify(t.Context(), i); err != nil || !strings.Contains(all[0].Problem, "in the store") {
			t.Errorf("%s: the store rots: %+v, %v", name, all, err)
		}
		if err := os.Remove(f.Name()); err != nil {
			t.Fatal(err)
		}
		if all, err := catalogue.Verify(t.Context(), i); err != nil || !strings.Contains(all[0].Problem, "unpacked again") {
			t.Errorf("%s: the store lost it: %+v, %v", name, all, err)
		}
		if o, err := catalogue.Resolve(t.Context(), "v2", "qemu-arm64", nil); err != nil {
			t.Errorf("%s: not unpacked again for a wish: %v", name, err)
		} else if f, err := catalogue.Open(o.Artifacts[0].File); err != nil || f.Close() != nil {
			t.Errorf("%s: not served again: %v", name, err)
		}
	}
}

// TestCutShort: a packed file that ends early is an error at once, not a shorter image.
func TestCutShort(t *testing.T) {
	t.Parallel()
	for name, packed := range map[string][]byte{"a.img.gz": gz(random(100_000)), "a.img.zst": zstOf(random(100_000)), "a.img.xz": xzOf(random(100_000))} {
		s := newSite(t)
		s.put("artifacts/"+name, packed[:len(packed)/2])
		_, problems := s.load(image("file: " + name))
		if len(problems) != 1 || !strings.Contains(problems.Error(), "is it complete") {
			t.Errorf("%s: %v", name, problems)
		}
	}
}

// TestBlockwise: however a reader cuts its content, blocks are full but for the last, and errors are not ends.
func TestBlockwise(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		data := rapid.SliceOfN(rapid.Byte(), 0, 100).Draw(t, "data")
		size := rapid.IntRange(1, 40).Draw(t, "size")
		readers := map[string]io.Reader{"whole": bytes.NewReader(data), "bytes": iotest.OneByteReader(bytes.NewReader(data)),
			"half": iotest.HalfReader(bytes.NewReader(data)), "end with data": iotest.DataErrReader(bytes.NewReader(data))}
		for name, r := range readers {
			var got []byte
			last := size
			err := blockwise(r, size, func(b []byte) error {
				if last != size {
					t.Fatalf("%s: a short block before the end", name)
				}
				last, got = len(b), append(got, b...)
				return nil
			})
			if err != nil || !bytes.Equal(got, data) || last == 0 {
				t.Fatalf("%s: %q, %v", name, got, err)
			}
		}
		broken := io.MultiReader(bytes.NewReader(data), iotest.ErrReader(io.ErrUnexpectedEOF))
		if err := blockwise(broken, size, func([]byte) error { return nil }); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("a file cut short: %v", err)
		}
	})
}

// blocksUsed is how many bytes of the disk a file takes.
func blocksUsed(t *testing.T, name string) int64 {
	t.Helper()
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		t.Fatal("no stat")
	}
	return stat.Blocks * 512
}
