package nft

import (
	"slices"
	"strings"
	"time"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"

	"nstutor/internal/say"
)

// clientKey is the length of a key that is an IPv4 address, in bytes.
const clientKey = 4

// clients is a set of addresses which rules may write into, and which forgets.
func (s Sentence) clients() *nftables.Set {
	return &nftables.Set{Table: s.table(), Name: s.Name, KeyType: nftables.TypeIPAddr, Dynamic: true, HasTimeout: true}
}

// clientSet is what a line says of such a set, before the time.
var clientSet = []string{"type", "ipv4_addr", "flags", "dynamic", "timeout", "timeout"}

// addSet reads `{ type ipv4_addr; flags dynamic,timeout; timeout 3h; }`.
func (s Sentence) addSet(conn *nftables.Conn) error {
	words, err := braced(s.rest)
	if err != nil {
		return err
	}
	words = slices.DeleteFunc(words, func(word string) bool { return word == ";" || word == "," })
	last := len(words) - 1
	if last < 0 || !slices.Equal(words[:last], clientSet) {
		return s.end(append(words, ""))
	}
	set := s.clients()
	if set.Timeout, err = time.ParseDuration(words[last]); err != nil || set.Timeout < time.Second {
		return say.Err("%q is no time", "%q 不是时间", words[last])
	}
	return conn.AddSet(set, nil)
}

func (s Sentence) deleteSet(conn *nftables.Conn) error {
	conn.DelSet(s.clients())
	return s.end(s.rest)
}

// remember writes the packet's source into a set, or winds its clock again: `update @aff
// { ip saddr }`.
func (w *writer) remember() error {
	name, ok := strings.CutPrefix(w.next(), "@")
	if !ok || name == "" || !w.skips("{", "ip", "saddr", "}") {
		return say.Err("update: `@SET { ip saddr }` is missing", "update：缺少 `@集合 { ip saddr }`")
	}
	if err := w.only("ip"); err != nil {
		return err
	}
	w.source()
	w.add(&expr.Dynset{SrcRegKey: 1, SetName: name, Operation: unix.NFT_DYNSET_OP_UPDATE})
	return nil
}

// remembered asks whether the packet's source is in a set: `ip saddr @aff`.
func (w *writer) remembered(op expr.CmpOp, name string) error {
	if err := w.only("ip"); err != nil {
		return err
	}
	w.source()
	w.add(&expr.Lookup{SourceRegister: 1, SetName: name, Invert: op == expr.CmpOpNeq})
	return nil
}

func (w *writer) source() {
	w.add(&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: versions["ip"].addresses["saddr"], Len: clientKey})
}
