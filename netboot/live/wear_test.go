package live

import (
	"slices"
	"testing"
)

// What a card says of its wear goes with the report that it is written; a card that says nothing adds nothing.
func TestWearIsReported(t *testing.T) {
	t.Parallel()
	for files, want := range map[string]string{
		"life_time pre_eol_info": "&wear=0x01%3A0x0a%3A0x02%3A0",
		"life_time":              "&wear=0x01%3A0x0a%3A%3A0",
		"":                       "",
	} {
		onShells(t, func(t *testing.T, b *board) {
			content := noise(100_000)
			b.artifact("disk", content, content, nil)
			b.mkdir("sys/class/block/disk/device")
			if files != "" {
				b.write("sys/class/block/disk/device/life_time", []byte("0x01 0x0a\n"))
			}
			if files == "life_time pre_eol_info" {
				b.write("sys/class/block/disk/device/pre_eol_info", []byte("0x02\n"))
			}
			_, output := b.run(writeDisk)
			if event := "event/rebooting?readback=disk%3Afull%3A" + digest(content) + want; !slices.Contains(b.srv.asked(), event) {
				t.Errorf("asked %q, want %q\n%s", b.srv.asked(), event, output)
			}
		})
	}
}
