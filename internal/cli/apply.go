package cli

import (
	"net/netip"

	"github.com/spf13/cobra"

	"nstutor/internal/change"
	"nstutor/internal/say"
)

// apply makes one change to the packet filter over netlink: explain offers it
// where neither iptables nor nft is installed.
func (a *app) apply() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "apply",
		Short: a.say("Make one change to the packet filter here, without iptables or nft", "不用 iptables 和 nft，对这里的包过滤规则做一项改动"),
		Long: a.say(`apply makes the one change that explain has offered, in the network namespace
that it is started in, over netlink. It is for machines that have neither
iptables nor nft. It takes root.`, `apply 在启动它的网络命名空间中，通过 netlink 完成 explain 给出的那一项改动。
它用于既没有 iptables 也没有 nft 的机器，需要 root。`),
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return say.Err("apply needs a change: masquerade or accept; see `nstutor apply --help`", "apply 需要指定改动：masquerade 或 accept；见 `nstutor apply --help`")
		},
	}
	cmd.AddCommand(a.applyMasquerade(), a.applyAccept())
	return cmd
}

func (a *app) applyMasquerade() *cobra.Command {
	var source, to, out string
	cmd := &cobra.Command{
		Use:   "masquerade",
		Short: a.say("Append a rule that masquerades to the table nat", "在 nat 表末尾添加一条地址伪装规则"),
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) (err error) {
			m := change.Masquerade{Out: out}
			if m.Src, err = ruleAddress("--source", source); err != nil {
				return err
			}
			if m.Dst, err = ruleAddress("--to", to); err != nil {
				return err
			}
			if !m.Src.IsValid() && !m.Dst.IsValid() && out == "" {
				return say.Err("masquerade everything? Say at least one of --source, --to and --out", "要伪装所有包吗？--source、--to、--out 至少指定一个")
			}
			return m.Apply()
		},
	}
	cmd.Flags().StringVar(&source, "source", "", a.say("the source address of the packets", "包的源地址"))
	cmd.Flags().StringVar(&to, "to", "", a.say("their destination", "包的目的地址"))
	cmd.Flags().StringVar(&out, "out", "", a.say("the device that they leave by", "包的出口设备"))
	return cmd
}

func (a *app) applyAccept() *cobra.Command {
	var accept change.Accept
	var source, to string
	cmd := &cobra.Command{
		Use:   "accept",
		Short: a.say("Insert a rule that accepts one kind of packet at the head of a chain", "在链的开头插入一条规则，放行一类包"),
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) (err error) {
			if accept.Src, err = ruleAddress("--source", source); err != nil {
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
			return accept.Apply()
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&accept.Family, "family", "ip", a.say("the family of the table: ip, inet, bridge or netdev", "表的协议族：ip、inet、bridge 或 netdev"))
	flags.StringVar(&accept.Table, "table", "", a.say("the table", "表"))
	flags.StringVar(&accept.Chain, "chain", "", a.say("the chain", "链"))
	flags.StringVar(&source, "source", "", a.say("the source address of the packets", "包的源地址"))
	flags.StringVar(&to, "to", "", a.say("their destination", "包的目的地址"))
	flags.StringVar(&accept.Proto, "proto", "", a.say("the protocol: icmp, tcp or udp", "协议：icmp、tcp 或 udp"))
	flags.StringVar(&accept.ICMPType, "icmp-type", "", a.say("of ICMP: echo-request or echo-reply", "ICMP 的类型：echo-request 或 echo-reply"))
	flags.Uint16Var(&accept.SrcPort, "sport", 0, a.say("of TCP and UDP: the port that the packets come from", "TCP 和 UDP 的源端口"))
	flags.Uint16Var(&accept.DstPort, "dport", 0, a.say("… and the one that they go to", "TCP 和 UDP 的目的端口"))
	flags.BoolVar(&accept.Established, "established", false, a.say("what belongs to connections that have begun", "属于已建立连接的包"))
	return cmd
}

// ruleAddress is the address that an option names; none is any.
func ruleAddress(option, text string) (netip.Addr, error) {
	if text == "" {
		return netip.Addr{}, nil
	}
	addr, err := netip.ParseAddr(text)
	if err != nil || !addr.Is4() {
		return netip.Addr{}, say.Err("%s %q: not an IPv4 address", "%s %q：不是 IPv4 地址", option, text)
	}
	return addr, nil
}
