package images

import (
	"fmt"
	"slices"
	"strings"

	"mozpool/persistence/strictyaml"
)

// imagesFile is images.yaml as it is written.
type imagesFile struct {
	Hardware map[string]hardwareEntry `yaml:"hardware"`
	Images   []imageEntry             `yaml:"images"`
}

type hardwareEntry struct {
	Live        string `yaml:"live"`
	FDT         string `yaml:"fdt"`
	Append      string `yaml:"append"`
	Disk        string `yaml:"disk"`
	Keep        []Area `yaml:"keep"`
	Limits      limits `yaml:"limits"`
	SelfTest    string `yaml:"self_test"`
	Maintenance string `yaml:"maintenance"`
	TFTPBlock   int    `yaml:"tftp_block"`
	TFTPWindow  int    `yaml:"tftp_window"`
	Loader      Loader `yaml:"loader"`
	Entry       string `yaml:"entry"`
}

// SetDefaults implements strictyaml.Defaulter.
func (h *hardwareEntry) SetDefaults() { h.SelfTest, h.Maintenance = SelfTest, Maintenance }

type imageEntry struct {
	Name       string          `yaml:"name"`
	Hardware   []string        `yaml:"hardware"`
	Install    Install         `yaml:"install"`
	Script     string          `yaml:"script"`
	Artifacts  []artifactEntry `yaml:"artifacts"`
	ConfigKeys []string        `yaml:"config_keys"`
	Readback   Readback        `yaml:"readback"`
	Verify     verifyEntry     `yaml:"verify"`
	Limits     limits          `yaml:"limits"`
	Compat     string          `yaml:"compat"`
}

// SetDefaults implements strictyaml.Defaulter.
func (i *imageEntry) SetDefaults() {
	i.Readback = ReadbackFull
	i.Verify.Kind = VerifyLoader
}

type artifactEntry struct {
	Name   string   `yaml:"name"`
	File   string   `yaml:"file"`
	SHA256 string   `yaml:"sha256"`
	To     string   `yaml:"to"`
	Part   int      `yaml:"part"`
	Unpack bool     `yaml:"unpack"`
	Allow  []string `yaml:"allow"`
}

type verifyEntry struct {
	Kind   VerifyKind          `yaml:"kind"`
	For    strictyaml.Duration `yaml:"for"`
	Port   uint16              `yaml:"port"`
	Expect string              `yaml:"expect"`
	URL    string              `yaml:"url"`
	Status int                 `yaml:"status"`
}

// limits has a field a working state, so that a slip in a state's name is an
// unknown key with a suggestion.
type limits struct {
	Cutting     *strictyaml.Duration `yaml:"cutting"`
	Powering    *strictyaml.Duration `yaml:"powering"`
	Booting     *strictyaml.Duration `yaml:"booting"`
	Live        *strictyaml.Duration `yaml:"live"`
	Downloading *strictyaml.Duration `yaml:"downloading"`
	Writing     *strictyaml.Duration `yaml:"writing"`
	Restarting  *strictyaml.Duration `yaml:"restarting"`
	Verifying   *strictyaml.Duration `yaml:"verifying"`
	SelfTesting *strictyaml.Duration `yaml:"self_testing"`
	Stall       *strictyaml.Duration `yaml:"stall"`
}

// limits returns those that were given.
func (l limits) limits() Limits {
	out := Limits{}
	for state, d := range map[string]*strictyaml.Duration{
		"cutting": l.Cutting, "powering": l.Powering, "booting": l.Booting, "live": l.Live,
		"downloading": l.Downloading, "writing": l.Writing, "restarting": l.Restarting,
		"verifying": l.Verifying, "self_testing": l.SelfTesting, "stall": l.Stall,
	} {
		if d != nil {
			out[state] = *d
		}
	}
	return out
}

// UnmarshalText accepts the ways to install.
func (i *Install) UnmarshalText(text []byte) error {
	return choose(i, text, InstallRaw, InstallTar, InstallScript)
}

// UnmarshalText accepts the degrees of reading back.
func (r *Readback) UnmarshalText(text []byte) error {
	return choose(r, text, ReadbackFull, ReadbackSampled, ReadbackOff)
}

// UnmarshalText accepts the kinds of proof.
func (k *VerifyKind) UnmarshalText(text []byte) error {
	return choose(k, text, VerifyLoader, VerifyPing, VerifyTCP, VerifyHTTP, VerifyCallback, VerifyNone)
}

func choose[T ~string](into *T, text []byte, choices ...T) error {
	if slices.Contains(choices, T(text)) {
		*into = T(text)
		return nil
	}
	names := make([]string, len(choices))
	for i, c := range choices {
		names[i] = string(c)
	}
	remedy := "choose one of " + strings.Join(names, ", ")
	if near := strictyaml.Nearest(string(text), names); near != "" {
		remedy = "did you mean " + near + "?"
	}
	return &strictyaml.RemedyError{What: fmt.Sprintf("%q is none of the choices", text), Remedy: remedy}
}

func (h hardwareEntry) hardware(name, source string) Hardware {
	return Hardware{Name: name, Live: h.Live, FDT: h.FDT, Append: h.Append, Disk: h.Disk, Keep: h.Keep,
		Limits: h.Limits.limits(), SelfTest: h.SelfTest, Maintenance: h.Maintenance,
		TFTPBlock: h.TFTPBlock, TFTPWindow: h.TFTPWindow, Loader: h.Loader, Source: source}
}

func (i imageEntry) image(source string) Image {
	out := Image{Name: i.Name, Hardware: i.Hardware, Install: i.Install, ConfigKeys: i.ConfigKeys,
		Readback: i.Readback, Verify: Verify(i.Verify), Limits: i.Limits.limits(), Compat: i.Compat, Source: source}
	for _, a := range i.Artifacts {
		out.Artifacts = append(out.Artifacts, ArtifactSpec{Name: a.Name, File: a.File,
			SHA256: strings.ToLower(a.SHA256), To: a.To, Part: a.Part, Unpack: a.Unpack, Allow: a.Allow})
	}
	if out.Verify.Kind == VerifyHTTP && out.Verify.Status == 0 {
		out.Verify.Status = 200
	}
	return out
}
