package boardsim

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
)

// Image is what a simulated board runs once it is on its card: it stands in the image's first sector.
type Image struct {
	Name     string `json:"name"`
	Size     int64  `json:"size"`               // bytes of the whole image, a multiple of 512
	SHA256   string `json:"sha256"`             // of all after the first sector
	Callback bool   `json:"callback,omitempty"` // reports /up?image=NAME when it runs
	TCP      int    `json:"tcp,omitempty"`      // listens on this port of the board's address, and says Banner
	Banner   string `json:"banner,omitempty"`
	HTTP     int    `json:"http,omitempty"` // answers GET on this port with 200
}

const (
	sector     = 512
	imageMagic = "MOZPOOL-SIM\n"
)

// MakeImage writes an image of size bytes that simulated boards can run: a header and its hash in the first sector, after it
// bytes that do not compress, always the same for the same name and size.
func MakeImage(w io.Writer, img Image, size int64) error {
	if size < 2*sector || size%sector != 0 {
		return fmt.Errorf("image %s: %d bytes are no multiple of %d, or too few", img.Name, size, sector)
	}
	seed := sha256.Sum256([]byte(img.Name))
	body := func(into io.Writer) error {
		_, err := io.CopyN(into, rand.NewChaCha8(seed), size-sector)
		return err
	}
	sum := sha256.New()
	if err := body(sum); err != nil {
		return fmt.Errorf("image %s: %w", img.Name, err)
	}
	img.Size, img.SHA256 = size, hex.EncodeToString(sum.Sum(nil))
	head, err := json.Marshal(img)
	if err != nil {
		return fmt.Errorf("image %s: %w", img.Name, err)
	}
	text := imageMagic + string(head) + "\n" + hexSum(head) + "\n"
	first := make([]byte, sector)
	if copy(first, text) < len(text) {
		return fmt.Errorf("image %s: its header does not fit a sector; shorten the name or the banner", img.Name)
	}
	if _, err := w.Write(first); err != nil {
		return fmt.Errorf("image %s: %w", img.Name, err)
	}
	return body(w)
}

// readImage finds the image that begins at r, and checks that all of it is there.
func readImage(r io.Reader) (Image, error) {
	img, err := readHeader(r)
	if err != nil {
		return img, err
	}
	sum := sha256.New()
	if _, err := io.CopyN(sum, r, img.Size-sector); err != nil {
		return img, fmt.Errorf("image %s: %w", img.Name, err)
	}
	if hex.EncodeToString(sum.Sum(nil)) != img.SHA256 {
		return img, fmt.Errorf("image %s is not whole", img.Name)
	}
	return img, nil
}

func readHeader(r io.Reader) (Image, error) {
	var img Image
	first := make([]byte, sector)
	if _, err := io.ReadFull(r, first); err != nil {
		return img, fmt.Errorf("read the card: %w", err)
	}
	text, ok := bytes.CutPrefix(first, []byte(imageMagic))
	if !ok {
		return img, errors.New("there is no image on the card")
	}
	line, rest, _ := bytes.Cut(text, []byte("\n"))
	sum, _, _ := bytes.Cut(rest, []byte("\n"))
	if string(sum) != hexSum(line) {
		return img, errors.New("the image's header is broken")
	}
	if err := json.Unmarshal(line, &img); err != nil || img.Size < 2*sector {
		return img, fmt.Errorf("the image's header makes no sense: %.100s", line)
	}
	return img, nil
}

func hexSum(p []byte) string {
	sum := sha256.Sum256(p)
	return hex.EncodeToString(sum[:])
}
