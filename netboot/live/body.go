package live

import (
	"errors"
	"fmt"
	"strings"
)

// Raw is the script of `install: raw`: every artifact to its disk or partition.
func Raw(artifacts []Artifact) (string, error) {
	return generate(artifacts, func(a Artifact, dest string) (string, error) {
		if a.Length == 0 || a.Unpacked == "" {
			return "", errors.New("its unpacked length and sha256 are not known")
		}
		return fmt.Sprintf("mp_write %s %s\n", quote(a.Name), dest), nil
	})
}

// Tar is the script of `install: tar`: every archive into its partition, which
// is emptied first so that no file of the image before stays. Two archives for
// one partition share it.
func Tar(artifacts []Artifact) (string, error) {
	emptied := map[string]bool{}
	return generate(artifacts, func(a Artifact, dest string) (string, error) {
		if a.Files == "" {
			return "", errors.New("its list of files is not known")
		}
		clear := "mp_clear /mnt\n"
		if emptied[a.To] {
			clear = ""
		}
		emptied[a.To] = true
		return fmt.Sprintf("MP_STEP=mount\nmkdir -p /mnt\nmount %s /mnt || mp_fail card \"cannot mount %s\"\n%smp_untar %s /mnt\numount /mnt || mp_fail card \"cannot unmount %s\"\n",
			dest, a.To, clear, quote(a.Name), a.To), nil
	})
}

// Maintenance is the script of the built-in image mozpool/maintenance.
func Maintenance() string { return script("maintenance.sh") }

// SelfTest is the script of the built-in image mozpool/self-test.
func SelfTest() string { return script("self-test.sh") }

// generate strings the artifacts' parts together and ends with the reboot.
func generate(artifacts []Artifact, part func(a Artifact, dest string) (string, error)) (string, error) {
	if len(artifacts) == 0 {
		return "", errors.New("the image has no artifacts to install")
	}
	var out strings.Builder
	for _, a := range artifacts {
		text, err := partOf(a, part)
		if err != nil {
			return "", fmt.Errorf("artifact %q: %w", a.Name, err)
		}
		out.WriteString(text)
	}
	out.WriteString("mp_reboot\n")
	return out.String(), nil
}

func partOf(a Artifact, part func(a Artifact, dest string) (string, error)) (string, error) {
	if !destPattern.MatchString(a.To) {
		return "", fmt.Errorf("to: %q is neither disk nor pN", a.To)
	}
	dest := `"$MP_DISK"`
	if number, ok := strings.CutPrefix(a.To, "p"); ok {
		dest = fmt.Sprintf(`"$(mp_part %s)"`, number)
	}
	return part(a, dest)
}
