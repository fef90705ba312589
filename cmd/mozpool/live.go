package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"mozpool/netboot/live"
)

// liveCommand is "mozpool live".
type liveCommand struct {
	Build liveBuild `cmd:"" help:"Make the kernel and initrd of a live environment, from Debian packages or given files."`
}

type liveBuild struct {
	Arch        string   `required:"" placeholder:"ARCH" help:"The boards' architecture as Debian names it: arm64, armhf, amd64."`
	Kernel      string   `required:"" placeholder:"FILE" help:"A linux-image package (.deb), or a kernel as it is."`
	Busybox     string   `required:"" placeholder:"FILE" help:"The busybox-static package (.deb), or a static busybox."`
	ModulesFrom string   `placeholder:"DIR" help:"Folder with lib/modules/VERSION, where --kernel is no package."`
	Modules     []string `placeholder:"NAME" help:"Kernel modules beyond the usual ones."`
	Extra       []string `placeholder:"FILE[:PATH]" help:"Further files for the initrd, such as a static dropbear."`
	DTB         string   `name:"dtb" placeholder:"NAME" help:"Device tree: its bare name in the kernel's package, or the path of a file."`
	Output      string   `required:"" short:"o" placeholder:"DIR" help:"Folder that gets vmlinuz, initrd and the device tree."`
	Verbose     bool     `short:"v" help:"Say what is chosen."`
}

// Run makes the live environment.
func (c *liveBuild) Run(ctx context.Context) error {
	o := live.BuildOptions{Arch: c.Arch, Kernel: c.Kernel, Busybox: c.Busybox, ModulesFrom: c.ModulesFrom, Modules: c.Modules, Extra: c.Extra,
		DTB: c.DTB, Output: c.Output}
	if c.Verbose {
		o.Logger = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	r, err := live.Build(ctx, o)
	if err != nil {
		return err
	}
	fmt.Printf("%s\t%.1f MiB\n%s\t%.1f MiB, %d modules\n", r.Kernel, mib(r.KernelSize), r.Initrd, mib(r.InitrdSize), len(r.Modules))
	if r.DTB != "" {
		fmt.Println(r.DTB)
	}
	return nil
}

func mib(n int64) float64 { return float64(n) / (1 << 20) }
