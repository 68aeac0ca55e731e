package cli

import (
	"context"
	"net/netip"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"nstutor/internal/change"
	"nstutor/internal/say"
)

// apply makes one change over netlink: explain offers it where the program that
// would make it is not installed.
func (a *app) apply() *cobra.Command {
	var netns string
	cmd := &cobra.Command{
		Use:   a.say("apply COMMAND…", "apply 命令…"),
		Short: a.say("Make one change of the network where ip or iptables are missing", "不用 ip、bridge、iptables 和 nft，对这里的网络做一项改动"),
		Long: a.say(`apply makes the one change that explain has offered, over netlink. It is for
machines that lack the program: COMMAND is what would be typed for ip, bridge,
conntrack, sysctl, iptables or nft, with its words in full, such as

  nstutor apply ip route add default via 172.20.1.1 dev eth0

Two changes of the packet filter have words of their own: masquerade and accept.
The change is made in the network namespace that apply is started in, or in the
one of --netns. It takes root.`, `apply 通过 netlink 完成 explain 给出的那一项改动，用于没有相应程序的机器。命令
就是原本要输入的 ip、bridge、conntrack、sysctl、iptables 或 nft 命令，其中的词
都要写全，例如

  nstutor apply ip route add default via 172.20.1.1 dev eth0

包过滤规则有两项改动另有写法：masquerade 和 accept。改动在启动 apply 的网络
命名空间中进行，或在 --netns 指定的命名空间中进行，需要 root。`),
		RunE: func(cmd *cobra.Command, argv []string) error {
			if len(argv) == 0 {
				return say.Err("apply needs a change: a command, masquerade or accept; see `nstutor apply --help`", "apply 需要指定改动：一条命令、masquerade 或 accept；见 `nstutor apply --help`")
			}
			c, err := change.Parse(netns, argv...)
			if at := slices.IndexFunc(argv, func(word string) bool { return strings.HasPrefix(word, "--netns") }); err != nil && at >= 0 {
				return say.Err("%s stands before the command: nstutor apply --netns NETNS %s …", "%s 要写在命令前面：nstutor apply --netns NETNS %s …", argv[at], argv[0])
			}
			if err != nil {
				return err
			}
			return makeChange(cmd.Context(), c)
		},
	}
	cmd.Flags().SetInterspersed(false)
	cmd.PersistentFlags().StringVar(&netns, "netns", "", a.say("the namespace: a name under /run/netns, pid:N or a path", "命名空间：/run/netns 下的名字、pid:N 或路径"))
	cmd.AddCommand(a.applyMasquerade(&netns), a.applyAccept(&netns))
	return cmd
}

// makeChange makes a change of this machine's network.
func makeChange(ctx context.Context, c change.Change) error {
	var here change.Machine
	defer here.Close()
	if err := c.Apply(ctx, &here); err != nil {
		// The current namespace has no name that an error could begin with.
		text := say.Quote(err)
		return say.Err("%v", "%v", say.Both(strings.TrimPrefix(text.In("en"), ": "), strings.TrimPrefix(text.In("zh"), "：")))
	}
	return nil
}

func (a *app) applyMasquerade(netns *string) *cobra.Command {
	var source, to, out string
	var first bool
	cmd := &cobra.Command{
		Use:   "masquerade",
		Short: a.say("Add a rule that masquerades to the table nat", "在 nat 表中添加一条地址伪装规则"),
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			m := change.Masquerade{Netns: *netns, Out: out, First: first}
			if m.Src, err = ruleNetwork("--source", source); err != nil {
				return err
			}
			if m.Dst, err = ruleAddress("--to", to); err != nil {
				return err
			}
			if !m.Src.IsValid() && !m.Dst.IsValid() && out == "" {
				return say.Err("masquerade everything? Say at least one of --source, --to and --out", "要伪装所有包吗？--source、--to、--out 至少指定一个")
			}
			return makeChange(cmd.Context(), m)
		},
	}
	cmd.Flags().StringVar(&source, "source", "", a.say("the source address of the packets, or its network", "包的源地址，或它所在的网段"))
	cmd.Flags().StringVar(&to, "to", "", a.say("their destination", "包的目的地址"))
	cmd.Flags().StringVar(&out, "out", "", a.say("the device that they leave by", "包的出口设备"))
	cmd.Flags().BoolVar(&first, "first", false, a.say("before all other rules", "放在其他规则之前"))
	return cmd
}

func (a *app) applyAccept(netns *string) *cobra.Command {
	var accept change.Accept
	var source, to string
	cmd := &cobra.Command{
		Use:   "accept",
		Short: a.say("Accept one kind of packet, by a rule at the head of a chain", "在链的开头插入一条规则，放行一类包"),
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if accept.Src, err = ruleNetwork("--source", source); err != nil {
				return err
			}
			if accept.Dst, err = ruleAddress("--to", to); err != nil {
				return err
			}
			switch {
			case accept.Table == "" || accept.Chain == "":
				return say.Err("accept needs --table and --chain", "accept 需要 --table 和 --chain")
			case accept.Proto == "" && !accept.Established:
				return say.Err("accept needs --proto or --established", "accept 需要 --proto 或 --established")
			}
			accept.Netns = *netns
			return makeChange(cmd.Context(), accept)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&accept.Family, "family", "ip", a.say("the family of the table: ip, ip6, inet, bridge, netdev or arp", "表的协议族：ip、ip6、inet、bridge、netdev 或 arp"))
	flags.StringVar(&accept.Table, "table", "", a.say("the table", "表"))
	flags.StringVar(&accept.Chain, "chain", "", a.say("the chain", "链"))
	flags.StringVar(&source, "source", "", a.say("the source address of the packets, or its network", "包的源地址，或它所在的网段"))
	flags.StringVar(&to, "to", "", a.say("their destination", "包的目的地址"))
	flags.StringVar(&accept.Proto, "proto", "", a.say("the protocol: icmp, icmpv6, tcp or udp; or arp", "协议：icmp、icmpv6、tcp 或 udp；也可以是 arp"))
	flags.StringVar(&accept.ICMPType, "icmp-type", "", a.say("of ICMP: echo-request, echo-reply and so on", "ICMP 的类型：echo-request、echo-reply 等"))
	flags.Uint16Var(&accept.SrcPort, "sport", 0, a.say("of TCP and UDP: the port that the packets come from", "TCP 和 UDP 的源端口"))
	flags.Uint16Var(&accept.DstPort, "dport", 0, a.say("… and the one that they go to", "TCP 和 UDP 的目的端口"))
	flags.BoolVar(&accept.Established, "established", false, a.say("what belongs to connections that have begun", "属于已建立连接的包"))
	return cmd
}

// ruleNetwork is the network that an option names, or the address; none is any.
func ruleNetwork(option, text string) (netip.Prefix, error) {
	if network, err := netip.ParsePrefix(text); err == nil && network.Addr().Zone() == "" {
		return network.Masked(), nil
	}
	addr, err := ruleAddress(option, text)
	return change.Only(addr), err
}

// ruleAddress is the address that an option names; none is any.
func ruleAddress(option, text string) (netip.Addr, error) {
	if text == "" {
		return netip.Addr{}, nil
	}
	addr, err := netip.ParseAddr(text)
	if err != nil || addr.Zone() != "" {
		return netip.Addr{}, say.Err("%s %q: not an IP address", "%s %q：不是 IP 地址", option, text)
	}
	return addr, nil
}
