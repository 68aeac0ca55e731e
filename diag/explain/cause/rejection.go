package cause

import (
	"slices"
	"strings"

	"nstutor/diag/explain/remedy"
	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// Rejection is a route, or a policy rule, that turns a destination away.
type Rejection struct {
	At
	Lookup    []string // what the kernel has said, in the form of the commands that show it
	Exemption remedy.Exemption
	By        table.PolicyRule // that has the route's table asked; its Action is empty where that is table main
	VRF       string           // whose table that is, where By asks for it
}

// named adds the policy rule that leads to the route to what the route does, or is the rule
// that does it itself.
func (r Rejection) named(does say.Text) say.Text {
	if x := r.Exemption; x.Entry.Type == "" && x.Rule.Action != "" {
		return say.T("a policy rule, and no route, turns away what goes to %s: %s", "拒绝去往 %s 的包的不是路由，而是策略规则：%s", x.Dst, strings.Replace(x.Rule.Line(), "\t", " ", 1))
	}
	if hop := r.Exemption.Silent.Dst; hop.IsValid() {
		return say.T("%[1]s: the kernel passes the narrower route by %[2]s over, since nobody has answered for that", "%[1]s：经 %[2]s 的那条更具体的路由被内核跳过，因为无人替 %[2]s 应答", does, hop)
	}
	if r.By.Action == "" {
		return does
	}
	if of := r.Exemption.Entry.TableName(); r.VRF != "" {
		return say.T("%[1]s; it is in the table %[3]s of the VRF %[2]s, which no other table's routes serve", "%[1]s；这条路由在 VRF %[2]s 的 %[3]s 表里，走这个 VRF 的包查不到别的表", does, r.VRF, of)
	}
	return say.T("%[1]s; the policy rule %[2]d sends it to the table %[3]s, where that is", "%[1]s；策略规则 %[2]d 让它查 %[3]s 表，那条路由就在那里", does, r.By.Priority, r.By.TableName())
}

// Rejects reports whether it is a route, or a policy rule, that turns the packet away.
func Rejects(f Finding) bool {
	switch f.(type) {
	case Swallowed, Refused, Forbidden, Thrown:
		return true
	}
	return false
}

// Evidence is what the kernel has said.
func (r Rejection) Evidence() []say.Text {
	if silent := r.Exemption.Silent; silent.Dst.IsValid() {
		return Lines(append(slices.Clone(r.Lookup), silent.Line())...)
	}
	if r.By.Action == "" {
		return Lines(r.Lookup...)
	}
	return Lines(append(slices.Clone(r.Lookup), r.By.Line())...)
}

// Fix lets the destination pass.
func (r Rejection) Fix() []change.Change { return r.Exemption.Commands() }
