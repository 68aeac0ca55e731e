package cli

import (
	"context"
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"nstutor/diag/explain"
	"nstutor/diag/explain/machine"
	"nstutor/diag/probe"
	"nstutor/diag/resolve"
	"nstutor/diag/verify"
	"nstutor/internal/netfile"
	"nstutor/internal/nsenter"
	"nstutor/internal/replica"
	"nstutor/internal/say"
)

// maxPayload is what the greatest IPv4 packet has room for behind its header of
// 20 bytes and ICMP's of 8.
const maxPayload = 65535 - 20 - 8

// inquiry is what explain is asked, but for the target.
type inquiry struct {
	output, from, file            string
	noProbe, df, causes, verified bool
	only4, only6                  bool
	size, count                   int
	sport                         uint16
	timeout                       time.Duration // for the probe
	missing                       []say.Text    // of what is in file
	copied                        *explain.Copy // that the network is; nil: it is this machine's
}

// explain says why a ping, a connection or a datagram is not answered, on any machine.
func (a *app) explain() *cobra.Command {
	var q inquiry
	cmd := &cobra.Command{
		Use:   "explain [TARGET]",
		Short: a.say("Say where and why a packet to TARGET dies, and the smallest fix", "说明发往 TARGET 的包断在哪里、为什么，以及最小的修复"),
		Long:  a.explainHelp(),
		Example: `  nstutor explain 192.168.6.160 --from ns1
  nstutor explain 10.244.1.7 --from pid:4711 --size 1472 --df
  nstutor explain db:5432 --from web
  nstutor explain udp://10.96.0.10:53 --from web
  nstutor explain 10.244.2.9 --from pod1 --verify
  nstutor explain 10.244.2.9 --from pod1 --count 50
  nstutor explain --in broken.txt
  nstutor explain example.com --no-probe -o json`,
		Args: func(cmd *cobra.Command, args []string) error {
			if (q.causes || q.file != "") && len(args) == 0 {
				return nil
			}
			return oneTarget(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if q.output != "text" && q.output != "json" {
				return say.Err("output %q: choose -o text or -o json", "输出格式 %q：请用 -o text 或 -o json", q.output)
			}
			if q.causes {
				width := 0
				if isatty.IsTerminal(os.Stdout.Fd()) {
					width = a.drawingOn(os.Stdout).width
				}
				return listCauses(os.Stdout, q.output, a.lang, width)
			}
			if q.file == "" {
				asked, err := q.about(args, netfile.File{})
				if err != nil {
					return err
				}
				return a.inquire(cmd.Context(), q, asked)
			}
			var asked target
			askable := func(f netfile.File) (err error) {
				if asked, err = q.about(args, f); err != nil {
					return err
				}
				return holds(q.file, f, q.from)
			}
			return a.inCopy(cmd.Context(), q.file, askable, func(f netfile.File, missing []replica.Omission) error {
				q.missing, q.copied = verify.Omitted(missing), copyOf(f)
				if q.sport != 0 {
					q.copied.Came = nil // it was another packet
				}
				if q.from == "" && f.Asked != nil {
					q.from = f.Asked.From
				}
				return a.inquire(cmd.Context(), q, asked)
			})
		},
	}
	cmd.Flags().StringVarP(&q.output, "output", "o", "text", a.say("text or json", "text 或 json"))
	cmd.Flags().BoolVar(&q.causes, "causes", false, a.say("list all causes that an answer can name, and the table that shows each", "列出答案可能给出的所有原因，以及能看到它的表"))
	cmd.Flags().StringVar(&q.from, "from", "", a.say("where the packet starts: a name under /run/netns, a container or pod, pid:N, or a path (default: here)", "包从哪里发出：/run/netns 下的名称、容器或 Pod、pid:N、路径（默认：这里）"))
	cmd.Flags().StringVar(&q.file, "in", "", a.say("ask about the network in `FILE`, which nstutor capture wrote, and not about this machine's", "问的是 `FILE` 里的网络（由 nstutor capture 写成），而不是本机的"))
	cmd.Flags().BoolVar(&q.noProbe, "no-probe", false, a.say("only predict: send nothing, wait for nothing", "只预测：什么也不发，什么也不等"))
	cmd.Flags().BoolVar(&q.verified, "verify", false, a.say("try the fix in a private copy of the network, and say what else it changes", "在网络的私有副本里试一遍修复，并说明它还改变了什么"))
	cmd.Flags().Uint16Var(&q.sport, "sport", 0, a.say("the port that the connection or the datagram comes from (0: one that the kernel would choose)", "连接或 UDP 数据的源端口（0：由内核选择）"))
	cmd.Flags().IntVar(&q.size, "size", 0, a.say("payload of the echo or the datagram in bytes, as ping -s says it (0: ping's 56)", "回显请求或 UDP 的数据字节数，同 ping -s（0：ping 默认的 56）"))
	cmd.Flags().IntVarP(&q.count, "count", "c", 1, a.say("how many echoes to send, five a second: what loses some of them, and devices that come and go, are named", "发多少个回显请求（每秒五个）：丢掉其中一部分的地方、时断时通的网卡都会指出来"))
	cmd.Flags().BoolVarP(&q.only4, "ipv4", "4", false, a.say("of a name take its addresses of IPv4 alone, as ping -4 does", "名称只取 IPv4 地址，同 ping -4"))
	cmd.Flags().BoolVarP(&q.only6, "ipv6", "6", false, a.say("of a name take its addresses of IPv6 alone, as ping -6 does", "名称只取 IPv6 地址，同 ping -6"))
	cmd.Flags().BoolVar(&q.df, "df", false, a.say("let no router fragment the packet, as ping -M do", "不许路由器分片，同 ping -M do"))
	cmd.Flags().DurationVar(&q.timeout, "timeout", 4*time.Second, a.say("how long to wait for the probe", "探测最多等多久"))
	return cmd
}

// about is what is asked about: the target that was named, or else what the file was
// captured for.
func (q inquiry) about(args []string, f netfile.File) (target, error) {
	var asked target
	var err error
	if len(args) > 0 {
		asked, err = parseTarget(args[0])
	} else {
		asked, err = capturedFor(q.file, f)
	}
	if err != nil {
		return asked, err
	}
	return asked, q.possible(asked)
}

// possible says what of it cannot be asked about a target.
func (q inquiry) possible(of target) error {
	switch {
	case q.size < 0 || q.size > maxPayload:
		return say.Err("--size %d: an echo carries 0 to %d bytes", "--size %d：回显请求能带 0 到 %d 字节", q.size, maxPayload)
	case of.proto == 0 && q.sport != 0:
		return say.Err("--sport %d: a ping has no port; ask about HOST:PORT", "--sport %d：ping 没有端口；请写成 HOST:PORT", q.sport)
	case of.proto == unix.IPPROTO_TCP && q.size != 0:
		return say.Err("--size %d: a connection is opened without data", "--size %d：建立连接时不带数据", q.size)
	case of.proto == unix.IPPROTO_TCP && q.df:
		return say.Err("--df: a connection's packets are never fragmented, and it is opened without data; for a large one ask about HOST with --size and --df", "--df：TCP 连接的包本来就不许分片，建立时也不带数据；要试大包，请写成 HOST，并加 --size 和 --df")
	case of.proto != 0 && q.df:
		return say.Err("--df: the datagram is sent as the kernel sends it; for one that no router may fragment ask about HOST, with --size and --df", "--df：UDP 数据照内核的方式发送；要试不许分片的包，请写成 HOST，并加 --size 和 --df")
	case q.only4 && q.only6:
		return say.Err("-4 and -6: choose one", "-4 和 -6：请只用一个")
	case q.only4 && ofFamily(of.host, netip.Addr.Is6), q.only6 && ofFamily(of.host, netip.Addr.Is4):
		return say.Err("%s is an address, and of the other family", "%s 本身就是地址，而且属于另一个地址族", of.host)
	case q.count < 1 || q.count > explain.MaxEchoes:
		return say.Err("--count %d: 1 to %d echoes can be sent", "--count %d：能发 1 到 %d 个回显请求", q.count, explain.MaxEchoes)
	case q.count > 1 && of.proto != 0:
		return say.Err("--count %d: echoes are counted, not connections or datagrams; ask about HOST", "--count %d：只能数回显请求，不能数连接或 UDP 数据；请写成 HOST", q.count)
	case q.count > 1 && q.noProbe:
		return say.Err("--count %d: --no-probe sends none", "--count %d：--no-probe 一个也不发", q.count)
	case q.timeout <= 0 && !q.noProbe:
		return say.Err("--timeout %s: the probe needs some time to wait, such as 2s; --no-probe sends none", "--timeout %s：探测需要等待时间，例如 2s；不探测请用 --no-probe", q.timeout)
	}
	return nil
}

// ofFamily reports whether a host is an address of that family.
func ofFamily(host string, is func(netip.Addr) bool) bool {
	addr, err := netip.ParseAddr(host)
	return err == nil && is(addr)
}

// family is the address family that a name's addresses are taken of.
func (q inquiry) family() int {
	switch {
	case q.only4:
		return unix.AF_INET
	case q.only6:
		return unix.AF_INET6
	}
	return unix.AF_UNSPEC
}

// inquire asks, and tells the answer.
func (a *app) inquire(ctx context.Context, q inquiry, about target) error {
	world := machine.New()
	defer world.Close()
	node, err := world.Open(q.from)
	if err != nil {
		return cannotOpen(q.from, err)
	}
	req := explain.Request{
		From: node, Proto: about.proto, Port: about.port, SrcPort: q.sport, URL: about.url,
		Size: q.size, DF: q.df, Probe: !q.noProbe, Count: q.count, Timeout: q.timeout, Copy: q.copied,
	}
	begun := &verify.Begun{}
	if q.verified {
		begun = verify.Begin(ctx)
	}
	defer begun.Leave()
	answer, err := answerTo(ctx, world, about.host, q.family(), req)
	if err != nil {
		return err
	}
	told := telling{app: a, json: q.output == "json", answer: answer, missing: append(q.missing, otherwise(req, answer)...)}
	if q.verified {
		err = told.tried(ctx, begun, world, req)
	} else {
		err = told.all(world)
	}
	if err != nil {
		return err
	}
	if answer.Verdict != explain.Delivered {
		return status(exitBroken)
	}
	return nil
}

// otherwise says where something else came of the packet in the copy than when the file
// was written: then the copy lacks what that was due to.
func otherwise(req explain.Request, a explain.Answer) []say.Text {
	dest, err := netip.ParseAddr(a.Destination)
	if req.Dest = dest; err != nil || a.Probe == nil || a.Probe.Recorded {
		return nil
	}
	was := req.Copy.Of(req)
	if was == nil || (was.Outcome == probe.Replied) == (a.Probe.Received > 0) {
		return nil
	}
	return []say.Text{say.T("what came of it when the file was written: %s", "写文件时的结果：%s", was.Outcome.Say())}
}

func (a *app) explainHelp() string {
	return a.say(`Follow a packet to TARGET and its reply from namespace to namespace, asking the
kernel at every hop, then send one and compare. Nothing is changed.

TARGET is HOST for a ping; HOST:PORT or tcp://HOST:PORT for a connection, which
is opened and closed without a byte of data; udp://HOST:PORT for a datagram (an
empty one; to port 53 a question); http://HOST[:PORT][/PATH] for a connection
and what is answered on it. HOST is an address of IPv4 or IPv6, or a name that
is looked up as the namespace would: by the hosts, resolv.conf, nsswitch.conf
and gai.conf of its container, where it is one's. Of several addresses the one
is asked about that a program tries first, and the others are judged beside it;
-4 and -6 take those of one family.

--from names the namespace where the packet starts: a name of `+"`ip netns`"+`, a
path, a process (pid:378, or 378), or a container of Docker, containerd,
podman, CRI-O, LXC, systemd-nspawn or Mininet by its name or the beginning of
its ID, or a pod; container:NAME is a container whatever else has the name. No
daemon is asked.

The answer comes in this order: the verdict in one sentence; the way there and
back, a namespace a line, with what was seen on the wire; the lines of the
kernel's tables that prove the fault; the fix, ready to paste; what would still
be broken after it; and what the probe itself says.

With --verify the fix is tried: the namespaces on the packet's way are copied
into a lab that vanishes again, with sockets where somebody listens; the same
packet is lost there, the commands are run as they are printed, and request and
reply arrive; no command can be left out; and what the fix opens, closes or
reroutes besides is listed. Only then it counts as verified. What was not
copied is said.

With --in the question is about the network in a file that `+"`nstutor capture`"+`
wrote: it is made in a lab that vanishes again. Without TARGET it is what the
file was captured for, and without --from the packet starts where the file says.
Who is beyond it is not in it: whether he answers is what came of the packet
when the file was written, if the file says so, and cannot be told otherwise.

With --count N it sends N echoes, five a second. Where some are answered and
some are not, the answer is packet-loss, with where those were seen last, what
the kernel dropped, and which counters of devices and queues moved meanwhile;
or link-flap, where a device on the way went down and came back.

It takes root to enter another namespace and to read the packet filter.

The exit status is 0 when the packet is answered, 1 when it is not or when that
cannot be told, and 2 when the question cannot be asked.`, `沿着发往 TARGET 的包和它的应答，逐个命名空间跟踪，每一跳都询问内核；然后真的
发一个，两相对照。不改动任何东西。

TARGET 写成 HOST 是 ping；HOST:PORT 或 tcp://HOST:PORT 是 TCP 连接，建立后立即
关闭，一个字节也不发；udp://HOST:PORT 是 UDP 数据（空的；53 端口则是一次查询）；
http://HOST[:PORT][/PATH] 是连接加上对方的回答。HOST 是 IPv4 或 IPv6
地址，或者名称；名称按该命名空间的方式解析：属于容器时，用容器的 hosts、
resolv.conf、nsswitch.conf 和 gai.conf。有多个地址时，问的是程序先试的那个，其
余的只作判断；-4、-6 只取一族的地址。

--from 指定包从哪个命名空间发出：`+"`ip netns`"+` 中的名称、路径、进程（pid:378 或
378），或者 Docker、containerd、podman、CRI-O、LXC、systemd-nspawn、Mininet 的
容器（名称或 ID 的开头），或者 Pod；有重名时，container:NAME 指的是容器。不询问
任何守护进程。

答案依次是：一句话的结论；去程和回程，每个命名空间一行，附上抓包看到的情况；内核
各表中能证明故障的行；可以直接粘贴的修复命令；修复之后还会剩下什么问题；探测自己
的输出。

--verify 会试一遍修复：把包经过的命名空间复制到一个随后消失的实验网络里，有人
监听的地方也有套接字；同样的包在那里断在同样的原因上，照印出来的样子执行命令，
请求和应答都到达；一条命令也不能少；修复另外放通、阻断或改道了什么都会列出。这
样才算验证过。没有复制的会说明。

--in 问的是 `+"`nstutor capture`"+` 写的文件里的网络：它在一个随后消失的实验网络里建
立。不写 TARGET，问的就是捕获时不通的那个目标；不写 --from，包从文件所写的地方发
出。外面的一方不在文件里：他是否应答，以写文件时的结果为准；文件里没有写，就无法
判断。

--count N 发 N 个回显请求，每秒五个。有的有应答、有的没有时，结论是
packet-loss：说明它们最后在哪里看到，内核丢了什么，期间哪些网卡和队列的计数动
过；路径上有网卡断了又通时，结论是 link-flap。

进入其他命名空间、读取包过滤规则都需要 root。

退出码：有应答为 0，没有应答或无法判断为 1，问题本身不成立为 2。`)
}

// answerTo explains the way to a host, or why its name has no address.
func answerTo(ctx context.Context, world *machine.Machine, host string, family int, req explain.Request) (explain.Answer, error) {
	dest, found, err := destination(ctx, req.From, host, family)
	if failed, ok := resolve.Unresolved(err); ok {
		return explain.ExplainName(ctx, world, req, failed)
	}
	if err != nil {
		return explain.Answer{}, resolve.Doubted(err)
	}
	req.Dest = dest
	a, err := explain.Explain(ctx, world, req)
	if err != nil {
		return a, err
	}
	return a, a.OfName(ctx, world, req, host, found)
}

func oneTarget(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return pingable("")
	}
	_, err := parseTarget(args[0])
	return err
}

// destination is the address of a name that a program in the namespace tries first, and what
// else there is to say of the name.
func destination(ctx context.Context, node *machine.Space, name string, family int) (netip.Addr, resolve.Found, error) {
	found, err := resolve.Lookup(ctx, node.NS, node.Process, name, family)
	dest := netip.Addr{}
	if err == nil {
		dest = found.Addrs[0]
	}
	if !dest.IsLinkLocalUnicast() {
		dest = dest.WithZone("") // which no other address has
	}
	switch {
	case err != nil && node.Name != "":
		return dest, found, say.At(node.Title(), err)
	case err != nil:
		return dest, found, err
	case dest.Is6() && dest.IsLinkLocalUnicast() && dest.Zone() == "":
		return dest, found, say.Err("%s is an address of one wire only: say which device that is behind, as in %[1]s%%eth0", "%s 只在一条链路上有效：请写明从哪个设备出去，例如 %[1]s%%eth0", dest)
	case dest.Zone() != "":
		if _, err := node.Link(dest.Zone()); err != nil {
			return dest, found, say.Err("%s has no device %q", "%s 没有设备 %q", machine.Called(node.Title()), dest.Zone())
		}
	case dest.IsMulticast() || dest == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return dest, found, say.Err("%s is the address of many; explain follows a packet to one", "%s 是组播或广播地址；explain 只跟踪发往单个主机的包", dest)
	}
	return dest, found, nil
}

// cannotOpen says in one sentence why a namespace cannot be pinged from.
func cannotOpen(from string, err error) error {
	pid, isProcess := strings.CutPrefix(from, "pid:")
	called, isContainer := strings.CutPrefix(from, "container:")
	several, isAmbiguous := errors.AsType[*machine.Ambiguous](err)
	switch {
	case isAmbiguous:
		return say.At("--from "+from, several)
	case errors.Is(err, fs.ErrPermission):
		return say.Err("--from %s: permission denied: entering another namespace takes root", "--from %s：权限不足：进入其他命名空间需要 root", from)
	case errors.Is(err, fs.ErrNotExist) && isProcess:
		return say.Err("--from %s: there is no process %s", "--from %s：没有进程 %s", from, pid)
	case errors.Is(err, machine.ErrNobody) && isContainer:
		return say.Err("--from %s: no container or pod that runs here is called %s", "--from %s：本机没有名为 %s 的运行中的容器或 Pod", from, called)
	case errors.Is(err, fs.ErrNotExist) && !strings.Contains(from, "/"):
		return say.Err("--from %s: there is no /run/netns/%[1]s, and no container or pod is called so; name one, a namespace of `ip netns`, pid:N or a path", "--from %s：没有 /run/netns/%[1]s，也没有叫这个名字的容器或 Pod；请给出容器或 Pod 的名称、`ip netns` 中的命名空间、pid:N 或路径", from)
	case errors.Is(err, fs.ErrNotExist) && !filepath.IsAbs(from):
		return say.Err("--from %s: there is no such file, and no pod is called so", "--from %s：没有这个文件，也没有叫这个名字的 Pod", from)
	case errors.Is(err, fs.ErrNotExist):
		return say.Err("--from %s: there is no such file", "--from %s：没有这个文件", from)
	case errors.Is(err, nsenter.ErrNoNamespace), errors.Is(err, unix.EINVAL):
		return say.Err("--from %s: this is no network namespace", "--from %s：这不是网络命名空间", from)
	}
	return say.At("--from", err)
}
