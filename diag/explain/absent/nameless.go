package absent

import (
	"net/netip"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/remedy"
)

// Nameless is the finding of a bridge of n without an address of their network, by which a request came in
// from somebody who has one of it for his gateway, and whose address is dst.
func Nameless(n *machine.Space, in string, from *machine.Space, gateway, dst netip.Addr) cause.Finding {
	bridge, err := n.Link(in)
	if err != nil || bridge.Bridge == nil {
		return nil
	}
	has, missing := machine.Networkless(n, bridge, gateway)
	if !missing {
		return nil
	}
	for _, own := range machine.AddressesOf(from, dst) {
		if own.Prefix.Contains(gateway) {
			address := remedy.Address{Netns: n.Name, Prefix: netip.PrefixFrom(gateway, own.Prefix.Bits()), Dev: bridge.Name}
			return cause.GatewayNameless{At: cause.At(n.Name), Link: bridge, Address: address, Has: has}
		}
	}
	return nil
}
