package netboot

import (
	"strings"
	"testing"

	"mozpool/netboot/images"
)

func TestJudge(t *testing.T) {
	t.Parallel()
	sum := strings.Repeat("a", 64)
	for _, c := range []struct {
		asked  images.Readback
		to     string
		said   report
		good   bool
		reason string
	}{
		{images.ReadbackFull, "disk", report{"full", sum}, true, ""},
		{images.ReadbackFull, "disk", report{"full", strings.Repeat("b", 64)}, false, "on the card"},
		{images.ReadbackFull, "disk", report{"full", "-"}, false, "on the card"},
		{images.ReadbackFull, "disk", report{"sampled", "-"}, false, "only samples"},
		{images.ReadbackFull, "disk", report{"off", "-"}, false, "not read back"},
		{images.ReadbackFull, "disk", report{}, false, "nothing was said"},
		{images.ReadbackFull, "", report{}, true, ""},
		{images.ReadbackFull, "disk", report{"guessed", sum}, false, "no way of reading back"},
		{images.ReadbackSampled, "disk", report{"sampled", "-"}, true, ""},
		{images.ReadbackSampled, "disk", report{"full", sum}, true, ""},
		{images.ReadbackSampled, "disk", report{"off", "-"}, false, "not read back"},
		{images.ReadbackOff, "disk", report{}, true, ""},
		{images.ReadbackOff, "disk", report{"off", "-"}, true, ""},
		{images.ReadbackOff, "disk", report{"full", "-"}, false, "on the card"},
	} {
		o := &images.Order{Install: images.InstallRaw, Readback: c.asked}
		a := images.Artifact{Name: "disk", To: c.to, Unpacked: images.Content{Size: 1, SHA256: sum}}
		if good, text := (&bootRequest{}).judge(o, a, c.said); good != c.good || !good && !strings.Contains(text, c.reason) {
			t.Errorf("asked %s to %q, said %v: %v %q", c.asked, c.to, c.said, good, text)
		}
	}
}
