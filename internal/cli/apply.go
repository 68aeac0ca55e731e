package cli

import (
	"fmt"
	"net/netip"

	"github.com/spf13/cobra"

	"nstutor/internal/change"
)

// apply makes one change to the packet filter over netlink: explain offers it
// where neither iptables nor nft is installed.
func (a *app) apply() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "apply",
		Short: "Make one change to the packet filter here, without iptables or nft",
		Long: `apply makes the one change that explain has offered, in the network namespace
that it is started in, over netlink. It is for machines that have neither
iptables nor nft. It takes root.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return fmt.Errorf("apply needs a change: masquerade or accept; see `nstutor apply --help`")
		},
	}
	cmd.AddCommand(applyMasquerade(), applyAccept())
	return cmd
}

func applyMasquerade() *cobra.Command {
	var source, to, out string
	cmd := &cobra.Command{
		Use:   "masquerade",
		Short: "Append a rule that masquerades to the table nat",
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
				return fmt.Errorf("masquerade everything? Say at least one of --source, --to and --out")
			}
			return m.Apply()
		},
	}
	cmd.Flags().StringVar(&source, "source", "", "the source address of the packets")
	cmd.Flags().StringVar(&to, "to", "", "their destination")
	cmd.Flags().StringVar(&out, "out", "", "the device that they leave by")
	return cmd
}

func applyAccept() *cobra.Command {
	var accept change.Accept
	var source, to string
	cmd := &cobra.Command{
		Use:   "accept",
		Short: "Insert a rule that accepts one kind of packet at the head of a chain",
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
				return fmt.Errorf("accept needs --table and --chain")
			case accept.Proto == "" && !accept.Established:
				return fmt.Errorf("accept needs --proto or --established")
			}
			return accept.Apply()
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&accept.Family, "family", "ip", "the family of the table: ip, inet, bridge or netdev")
	flags.StringVar(&accept.Table, "table", "", "the table")
	flags.StringVar(&accept.Chain, "chain", "", "the chain")
	flags.StringVar(&source, "source", "", "the source address of the packets")
	flags.StringVar(&to, "to", "", "their destination")
	flags.StringVar(&accept.Proto, "proto", "", "the protocol: icmp, tcp or udp")
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
