package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"nstutor/diag/probe"
	"nstutor/diag/wire"
	"nstutor/internal/lab"
	"nstutor/internal/say"
	"nstutor/steps"
	"nstutor/steps/bridge"
	"nstutor/steps/gateway"
)

// finding is one line of the doctor's answer.
type finding struct {
	Name   say.Text `json:"name"`
	OK     bool     `json:"ok"`
	Needed bool     `json:"needed"` // the course does not run without it
	Detail say.Text `json:"detail"`
	Advice say.Text `json:"advice,omitzero"` // what to do when it is not OK
}

// doctor says what this machine allows.
func (a *app) doctor() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: a.say("Say what this machine allows, and how it would allow the rest", "检查本机允许什么，不允许的该怎么办"),
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if output != "text" && output != "json" {
				return say.Err("output %q: choose -o text or -o json", "输出格式 %q：请用 -o text 或 -o json", output)
			}
			err := a.inLab(func() error {
				return a.tell(os.Stdout, output, append(examineLab(cmd.Context()), examineTools()...))
			})
			var refused *lab.Refusal
			if errors.As(err, &refused) {
				lab := finding{isolation, false, true, say.Quote(refused.Err), refused.Advice}
				return a.tell(os.Stdout, output, append([]finding{kernel(), lab}, examineTools()...))
			}
			return err
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "text", a.say("text or json", "text 或 json"))
	return cmd
}

// tell prints the findings; the status is 1 when something needed is missing.
func (a *app) tell(w io.Writer, output string, findings []finding) error {
	ok := true
	for _, f := range findings {
		ok = ok && (f.OK || !f.Needed)
	}
	if output == "json" {
		if err := writeJSON(w, map[string]any{"schema": 1, "ok": ok, "findings": findings}); err != nil {
			return err
		}
	} else if err := a.tellText(w, findings, ok); err != nil {
		return err
	}
	if !ok {
		return status(exitBroken)
	}
	return nil
}

func (a *app) tellText(w io.Writer, findings []finding, ok bool) error {
	var b strings.Builder
	for _, f := range findings {
		mark := "ok  "
		switch {
		case !f.OK && f.Needed:
			mark = "FAIL"
		case !f.OK:
			mark = "-   "
		}
		fmt.Fprintf(&b, "%s %s %s\n", mark, pad(f.Name.In(a.lang), nameWidth), f.Detail.In(a.lang))
		if !f.OK && !f.Advice.IsZero() {
			fmt.Fprintf(&b, "     %s %s\n", pad("", nameWidth), f.Advice.In(a.lang))
		}
	}
	verdict := say.T("The whole course runs here.", "整个课程可以在这里运行。")
	if !ok {
		verdict = say.T("The course does not run here yet: see FAIL above.", "课程还不能在这里运行：见上面的 FAIL。")
	}
	fmt.Fprintf(&b, "\n%s\n", verdict.In(a.lang))
	_, err := io.WriteString(w, say.CleanLines(b.String()))
	return err
}

// isolation is what the course cannot do without.
var isolation = say.T("isolated network", "隔离的网络")

// nameWidth is that of the names, in cells.
const nameWidth = 22

func kernel() finding {
	f := finding{Name: say.T("kernel", "内核")}
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		f.Detail = say.Quote(err)
		return f
	}
	f.OK, f.Detail = true, say.Quote("Linux "+unix.ByteSliceToString(u.Release[:]))
	return f
}

// examineLab tries in a real lab what the course does in one.
func examineLab(ctx context.Context) []finding {
	start := time.Now()
	l, err := lab.New(ctx, lab.Options{})
	if err != nil {
		return []finding{kernel(), {isolation, false, true, say.Quote(err),
			say.T("the namespaces could be made, but not what belongs in them; \"not supported\" means that this kernel has no veth devices (CONFIG_VETH)",
				"命名空间建好了，但里面的东西建不起来；出现 \"not supported\" 说明内核没有 veth 设备（CONFIG_VETH）")}}
	}
	defer l.Close()
	findings := []finding{kernel(), {isolation, true, true,
		say.T("%s, ready in %d ms", "%s，%d 毫秒内就绪", lab.Born(), time.Since(start).Milliseconds()), say.Text{}}}
	if lab.Open() {
		findings = append(findings, finding{say.T("protection", "保护"), false, false,
			say.T("the lab runs as root without a user namespace", "实验网络以 root 运行，没有用户命名空间"),
			say.T("the network, processes and host name are the lab's own, and the kernel's settings are read-only; but what you type there is root's on this machine's files and disks. To keep these apart as well, allow user namespaces: %s",
				"网络、进程和主机名是实验网络自己的，内核设置是只读的；但你在里面输入的命令，对本机的文件和磁盘有 root 的权力。要把这些也隔离开，请允许用户命名空间：%s", lab.Wanting())})
	}
	for _, trial := range trials {
		f := finding{Name: trial.name, OK: true, Needed: !trial.spare, Detail: trial.detail}
		if err := trial.try(ctx, l); err != nil {
			f.OK, f.Detail, f.Advice = false, say.Quote(err), trial.advice
		}
		findings = append(findings, f)
	}
	if _, err := exec.LookPath(tcpdump); err == nil {
		findings = append(findings, examineTcpdump(ctx, l))
	}
	return findings
}

// trials are what the lessons need of the kernel.
var trials = []struct {
	name, detail, advice say.Text
	try                  func(context.Context, *lab.Lab) error
	spare                bool // the course leaves out what needs it
}{
	{say.Quote("ping"), say.T("raw ICMP socket in the lab", "实验网络中的 ICMP 原始套接字"),
		say.T("the kernel refuses raw sockets even to the lab's own root: is a seccomp filter set?", "连实验网络自己的 root 也不能打开原始套接字：是不是设置了 seccomp 过滤器？"), tryPing, false},
	{say.T("capture", "抓包"), say.T("packet socket in the lab", "实验网络中的 packet 套接字"),
		say.T("the kernel refuses packet sockets: is it built with CONFIG_PACKET, or is a seccomp filter set?", "内核拒绝 packet 套接字：编译时有没有 CONFIG_PACKET，是不是设置了 seccomp 过滤器？"), tryCapture, false},
	{say.T("bridge", "网桥"), say.T("bridge devices", "网桥设备"), say.T("load the module: `sudo modprobe bridge`", "加载模块：`sudo modprobe bridge`"), func(ctx context.Context, l *lab.Lab) error {
		return steps.BridgeAdd{Netns: lab.Host, Name: "br-doctor"}.Change(l).Apply(ctx, l)
	}, false},
	{say.Quote("macvlan"), say.T("macvlan devices", "macvlan 设备"), say.T("load the module: `sudo modprobe macvlan`", "加载模块：`sudo modprobe macvlan`"), func(ctx context.Context, l *lab.Lab) error {
		return bridge.MacvlanAdd{Netns: lab.Host, Name: "mv-doctor", Lower: "eth0"}.Change(l).Apply(ctx, l)
	}, false},
	{say.T("filter on bridges", "网桥上的过滤"), say.Quote("br_netfilter"), say.T("steps 5.7, 6.7 and 8.3 and the exercises layer-below and own-door are left out; to have them: `sudo modprobe br_netfilter`",
		"步骤 5.7、6.7、8.3 和练习 layer-below、own-door 会略去；要有它们：`sudo modprobe br_netfilter`"), tryBridgeFilter, true},
	{say.T("address translation", "地址转换"), say.T("nat table and MASQUERADE", "nat 表和 MASQUERADE"),
		say.T("load the modules: `sudo modprobe -a nf_tables nft_masq nft_chain_nat xt_MASQUERADE iptable_nat`",
			"加载模块：`sudo modprobe -a nf_tables nft_masq nft_chain_nat xt_MASQUERADE iptable_nat`"), func(ctx context.Context, l *lab.Lab) error {
			return gateway.Masquerade{Netns: lab.Host, Src: "172.20.1.10"}.Change(l).Apply(ctx, l)
		}, false},
}

func tryBridgeFilter(_ context.Context, l *lab.Lab) error {
	ns, err := l.NS(lab.Host)
	if err != nil {
		return err
	}
	_, err = ns.ReadSysctl("net/bridge/bridge-nf-call-iptables")
	return err
}

func tryPing(ctx context.Context, l *lab.Lab) error {
	ns, err := l.NS(lab.Host)
	if err != nil {
		return err
	}
	if r := probe.Ping(ctx, ns, probe.Echo{To: "192.168.6.1", Timeout: l.PingTimeout()}); r.Outcome != probe.Replied {
		return say.Err("%s", "%s", r.Message)
	}
	return nil
}

func tryCapture(_ context.Context, l *lab.Lab) error {
	ns, err := l.NS(lab.Host)
	if err != nil {
		return err
	}
	tap, err := wire.Capture(ns, wire.Filter{})
	if err != nil {
		return err
	}
	tap.Close()
	return nil
}

// tools are the programs a learner may want to type; the course itself needs
// none of them.
var tools = []struct {
	name    string
	version []string
	without say.Text
}{
	{"ip", []string{"-V"}, say.T("the course runs; to type `ip` commands yourself, install iproute2", "课程可以运行；要自己输入 `ip` 命令，请安装 iproute2")},
	{"iptables", []string{"-V"}, say.T("the course runs: its rules go in over netlink; to type them yourself, install iptables", "课程可以运行：规则通过 netlink 写入；要自己输入，请安装 iptables")},
	{"nft", []string{"-v"}, say.T("the course runs; to list its rules yourself, install nftables", "课程可以运行；要自己列出规则，请安装 nftables")},
	{"ping", []string{"-V"}, say.T("the course has its own; to ping yourself, install iputils-ping", "课程自带；要自己 ping，请安装 iputils-ping")},
	{"nsenter", []string{"-V"}, say.T("the course runs; to enter namespaces by PID yourself, install util-linux", "课程可以运行；要自己按 PID 进入命名空间，请安装 util-linux")},
	{tcpdump, []string{"--version"}, say.T("the course runs and shows the packets; to capture them yourself, install tcpdump", "课程可以运行，也会显示各个包；要自己抓包，请安装 tcpdump")},
	{"conntrack", []string{"-V"}, say.T("the course runs; to list tracked connections yourself, install conntrack", "课程可以运行；要自己列出被跟踪的连接，请安装 conntrack")},
}

const tcpdump = "tcpdump"

// examineTcpdump tries in a lab whether it begins: it gives up being root before it
// does, which a lab without root has to let it believe.
func examineTcpdump(ctx context.Context, l *lab.Lab) finding {
	f := finding{
		Name: say.T("tcpdump in the lab", "实验网络中的 tcpdump"), OK: true, Detail: say.T("captures as it is typed", "照常输入即可抓包"),
		Advice: say.T("the pane \"wire\" shows the packets all the same; to capture by hand, run the course as root, where `tcpdump` may become the user it wants to be",
			"“抓包”窗格照样显示各个包；要自己抓，请以 root 运行课程，那里 `tcpdump` 可以换成它想要的用户"),
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	command, err := l.Command(ctx, lab.Host, tcpdump, "-n", "-c", "1", "-i", "eth0")
	if err == nil {
		var complaint strings.Builder
		command.Stderr = &complaint
		if err = command.Start(); err == nil {
			ended := make(chan error, 1)
			go func() { ended <- command.Wait() }()
			err = pingUntil(ctx, l, ended)
		}
		if said := strings.TrimSpace(complaint.String()); err != nil && said != "" {
			f.OK, f.Detail = false, say.Quote(said)
			return f
		}
	}
	if err != nil {
		f.OK, f.Detail = false, say.Quote(err)
	}
	return f
}

// pingUntil sends echoes until something has ended, and says how.
func pingUntil(ctx context.Context, l *lab.Lab, ended <-chan error) error {
	for {
		select {
		case err := <-ended:
			return err
		case <-time.After(50 * time.Millisecond):
			if err := tryPing(ctx, l); err != nil {
				return err
			}
		}
	}
}

func examineTools() []finding {
	var findings []finding
	for _, tool := range tools {
		f := finding{Name: say.Quote(tool.name), Advice: tool.without}
		path, err := exec.LookPath(tool.name)
		if err != nil {
			f.Detail = say.T("not installed", "未安装")
			findings = append(findings, f)
			continue
		}
		f.OK, f.Detail = true, say.Quote(path)
		if out, err := exec.Command(path, tool.version...).CombinedOutput(); err == nil {
			first, _, _ := strings.Cut(string(out), "\n")
			f.Detail = say.Quote(first)
		}
		findings = append(findings, f)
	}
	return findings
}
