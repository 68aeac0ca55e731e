package cli

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"time"

	"github.com/google/renameio/v2"
	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"nstutor/diag/explain"
	"nstutor/diag/explain/machine"
	"nstutor/diag/verify"
	"nstutor/internal/netfile"
	"nstutor/internal/plainfile"
	"nstutor/internal/say"
)

// capture writes a network into a file.
func (a *app) capture() *cobra.Command {
	var from, to string
	var all, anonymize, noProbe bool
	cmd := &cobra.Command{
		Use:   a.say("capture FILE", "capture 文件"),
		Short: a.say("Write a network into a file that somebody else can repair", "把网络写进文件，让别人来修"),
		Long: a.say(`Write the network between --from and --to into FILE, as text: the namespaces
that the packet's wires lead to, with their devices, addresses, routes, rules,
neighbours, settings, packet filter, and the ports on which somebody listens.
The packet is sent once, as explain does, and what came of it is in the file.
With --all it is every namespace that can be seen here. Nothing is changed, and
- is the standard output.

There are no keys in it, no payload, no counters and nothing of the processes.
With --anonymize addresses and names are replaced, each by the same one
everywhere. What cannot be taken along (hardware, BPF programs, connection
tracking, the far side) is told in the file.

  nstutor explain --in FILE            answers without the machine
  nstutor exercise --from FILE         is an exercise: repair it in a lab

Reading other namespaces and the packet filter takes root.`, `把 --from 与 --to 之间的网络写成文本文件：包的链路所通向的命名空间，连同网卡、
地址、路由、策略规则、邻居、内核参数、包过滤规则，以及有人监听的端口。会像
explain 那样把包发一次，结果也写进文件。--all 则是这里能看到的所有命名空间。不
改动任何东西；- 表示标准输出。

文件里没有密钥、没有数据内容、没有计数，也没有进程的任何信息。加上 --anonymize，
地址和名称会被替换，同一个处处换成同一个。带不走的（硬件、BPF 程序、连接跟踪、
对端）会在文件里写明。

  nstutor explain --in FILE            离开那台机器也能回答
  nstutor exercise --from FILE         变成练习：在实验网络里修好它

读取其他命名空间和包过滤规则需要 root。`),
		Example: `  nstutor capture broken.txt --from web --to db:5432
  nstutor capture node.txt --all --anonymize`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 || args[0] == "" {
				return say.Err("capture needs one file to write, such as broken.txt", "capture 需要一个要写的文件，例如 broken.txt")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case all && (from != "" || to != ""):
				return say.Err("--all takes every namespace: leave out --from and --to", "--all 已经包括所有命名空间：请去掉 --from 和 --to")
			case !all && to == "":
				return say.Err("--to is missing: what does not get through? With --all every namespace is captured", "缺少 --to：到哪里不通？--all 则捕获所有命名空间")
			}
			world := machine.New()
			defer world.Close()
			f, err := captured(cmd.Context(), world, from, to, !noProbe)
			if err != nil {
				return err
			}
			if anonymize {
				f = f.Anonymized()
			}
			return a.keep(f, args[0])
		},
	}
	cmd.Flags().StringVar(&from, "from", "", a.say("where the packet starts, as for explain (default: here)", "包从哪里发出，写法同 explain（默认：这里）"))
	cmd.Flags().StringVar(&to, "to", "", a.say("what does not get through: a TARGET as for explain", "到哪里不通：TARGET，写法同 explain"))
	cmd.Flags().BoolVar(&all, "all", false, a.say("every namespace that can be seen here", "这里能看到的所有命名空间"))
	cmd.Flags().BoolVar(&noProbe, "no-probe", false, a.say("send nothing: the file does not say what comes of it", "什么也不发：文件里不写结果"))
	cmd.Flags().BoolVar(&anonymize, "anonymize", false, a.say("replace addresses and names, each by the same one everywhere", "替换地址和名称，同一个处处换成同一个"))
	return cmd
}

// probeTimeout is how long it waits for an answer.
const probeTimeout = 4 * time.Second

// captured is the network around a flow, with what comes of it where that is to be tried;
// to is empty for all there is.
func captured(ctx context.Context, world *machine.Machine, from, to string, probes bool) (netfile.File, error) {
	node, err := world.Open(from)
	if err != nil {
		return netfile.File{}, cannotOpen(from, err)
	}
	if to == "" {
		return verify.CaptureAll(ctx, world)
	}
	asked, err := parseTarget(to)
	if err != nil {
		return netfile.File{}, err
	}
	req := explain.Request{From: node, Proto: asked.proto, Port: asked.port, Probe: probes, Timeout: probeTimeout}
	if req.Dest, _, err = destination(ctx, node, asked.host, unix.AF_UNSPEC); err != nil {
		return netfile.File{}, err
	}
	answer, err := explain.Explain(ctx, world, req)
	if err != nil {
		return netfile.File{}, err
	}
	world.Forget()
	return verify.Capture(ctx, world, req, answer)
}

// keep writes the file, as a whole or not at all: what it has is for its owner. It takes the
// place of another one, and of nothing else: root may have named a device.
func (a *app) keep(f netfile.File, path string) error {
	if path == "-" {
		return f.Write(os.Stdout)
	}
	if err := replaceable(path); err != nil {
		return say.At(say.Clean(path), err)
	}
	var text bytes.Buffer
	if err := f.Write(&text); err != nil {
		return err
	}
	if _, err := netfile.Read(text.String()); err != nil {
		return say.Err("this network cannot be read out of a file again (%v): --anonymize replaces its names", "这个网络写成文件后无法再读回（%v）：--anonymize 会替换其中的名称", err)
	}
	err := renameio.WriteFile(path, text.Bytes(), 0o600)
	if at, ok := errors.AsType[*fs.PathError](err); ok {
		err = say.At(say.Clean(path), at.Err) // it names a file of the moment
	}
	return err
}

// replaceable says why a file may not be written at a path; a link is no file.
func replaceable(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil // if its folder is there
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return plainfile.ErrNotPlain
	}
	return nil
}
