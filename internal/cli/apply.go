package cli

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/spf13/cobra"

	"nstutor/internal/change"
)

// apply makes one change over netlink: explain offers it where the program that
// would make it is not installed.
func (a *app) apply() *cobra.Command {
	var netns string
	cmd := &cobra.Command{
		Use:   "apply [flags] COMMAND…",
		Short: "Make one change to the network here, without ip, bridge, iptables or nft",
		Long: `apply makes the one change that explain has offered, over netlink. It is for
machines that lack the program: COMMAND is what would be typed for ip, bridge,
conntrack, sysctl or iptables, with its words in full, such as

  nstutor apply ip route add default via 172.20.1.1 dev eth0

Two changes of the packet filter have words of their own: masquerade and accept.
The change is made in the network namespace that apply is started in, or in the
one of --netns. It takes root.`,
		RunE: func(cmd *cobra.Command, argv []string) error {
			if len(argv) == 0 {
				return fmt.Errorf("apply needs a change: a command, masquerade or accept; see `nstutor apply --help`")
			}
			c, err := change.Parse(netns, argv...)
			if err != nil {
				return err
			}
			return makeChange(cmd.Context(), c)
		},
	}
	cmd.Flags().SetInterspersed(false)
	cmd.PersistentFlags().StringVar(&netns, "netns", "", "the namespace: a name under /run/netns, pid:N or a path")
	cmd.AddCommand(applyMasquerade(&netns), applyAccept(&netns))
	return cmd
}

// makeChange makes a change of this machine's network.
func makeChange(ctx context.Context, c change.Change) error {
	var here change.Machine
	defer here.Close()
	if err := c.Apply(ctx, &here); err != nil {
		// The current namespace has no name that an error could begin with.
		return errors.New(strings.TrimPrefix(err.Error(), ": "))
	}
	return nil
}

func applyMasquerade(netns *string) *cobra.Command {
	var source, to, out string
	cmd := &cobra.Command{
		Use:   "masquerade",
		Short: "Append a rule that masquerades to the table nat",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			m := change.Masquerade{Netns: *netns, Out: out}
			if m.Src, err = ruleAddress("--source", source); err != nil {
				return err
			}
			if m.Dst, err = ruleAddress("--to", to); err != nil {
				return err
			}
			if !m.Src.IsValid() && !m.Dst.IsValid() && out == "" {
				return fmt.Errorf("masquerade everything? Say at least one of --source, --to and --out")
			}
			return makeChange(cmd.Context(), m)
		},
	}
	cmd.Flags().StringVar(&source, "source", "", "the source address of the packets")
	cmd.Flags().StringVar(&to, "to", "", "their destination")
	cmd.Flags().StringVar(&out, "out", "", "the device that they leave by")
	return cmd
}

func applyAccept(netns *string) *cobra.Command {
	var accept change.Accept
	var source, to string
	cmd := &cobra.Command{
		Use:   "accept",
		Short: "Insert a rule that accepts one kind of packet at the head of a chain",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if accept.Src, err = ruleAddress("--source", source); err != nil {
				return err
			}
			if accept.Dst, err = ruleAddress("--to", to); err != nil {
				return err
			}
			switch {
			case accept.Table == "" || accept.Chain == "":
				return fmt.Errorf("accept needs --table and --chain")
			case accept.Proto == "" && !accept.Established:
				return fmt.Errorf("accept needs --proto or --established")
			}
			accept.Netns = *netns
			return makeChange(cmd.Context(), accept)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&accept.Family, "family", "ip", "the family of the table: ip, inet, bridge, netdev or arp")
	flags.StringVar(&accept.Table, "table", "", "the table")
	flags.StringVar(&accept.Chain, "chain", "", "the chain")
	flags.StringVar(&source, "source", "", "the source address of the packets")
	flags.StringVar(&to, "to", "", "their destination")
	flags.StringVar(&accept.Proto, "proto", "", "the protocol: icmp, tcp or udp; or arp")
	flags.StringVar(&accept.ICMPType, "icmp-type", "", "of ICMP: echo-request or echo-reply")
	flags.Uint16Var(&accept.SrcPort, "sport", 0, "of TCP and UDP: the port that the packets come from")
	flags.Uint16Var(&accept.DstPort, "dport", 0, "… and the one that they go to")
	flags.BoolVar(&accept.Established, "established", false, "what belongs to connections that have begun")
	return cmd
}

// ruleAddress is the address that an option names; none is any.
func ruleAddress(option, text string) (netip.Addr, error) {
	if text == "" {
		return netip.Addr{}, nil
	}
	addr, err := netip.ParseAddr(text)
	if err != nil || !addr.Is4() {
		return netip.Addr{}, fmt.Errorf("%s %q: not an IPv4 address", option, text)
	}
	return addr, nil
}
