package cause

import (
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/machine"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// Claimed is a packet that an xfrm policy keeps: it forbids the packet, or wants
// it secured where there is nothing to secure it with, or where it comes as it is.
type Claimed struct {
	At
	Flow   flows.Flow
	Policy machine.Policy
}

// Code is Filtered.
func (Claimed) Code() Code { return Filtered }

// Detail says why it does not get through.
func (c Claimed) Detail() say.Text {
	if c.Policy.Block {
		return say.T("an IPsec policy (ip xfrm policy) from %s to %s blocks %s", "一条从 %s 到 %s 的 IPsec 策略（ip xfrm policy）拦下了 %s", c.Policy.Src, c.Policy.Dst, c.Flow)
	}
	if c.Policy.Dir != "out" {
		return say.T("an IPsec policy from %s to %s (dir %s) takes %s only out of a tunnel, and it comes as it is: delete what is left of the tunnel, or bring it up",
			"一条从 %s 到 %s 的 IPsec 策略（dir %s）只收从隧道来的 %s，而它是明文来的：要么删掉遗留的策略，要么把隧道建起来", c.Policy.Src, c.Policy.Dst, c.Policy.Dir, c.Flow)
	}
	return say.T("an IPsec policy from %s to %s claims %s, and there is no security association for it (ip xfrm state): delete what is left of the tunnel, or bring it up",
		"一条从 %s 到 %s 的 IPsec 策略要处理 %s，却没有对应的安全关联（ip xfrm state）：要么删掉遗留的策略，要么把隧道建起来", c.Policy.Src, c.Policy.Dst, c.Flow)
}

// Evidence is the policy.
func (c Claimed) Evidence() []say.Text {
	return Lines("ip xfrm policy: src " + c.Policy.Src.String() + " dst " + c.Policy.Dst.String() + " dir " + c.Policy.Dir)
}

// Fix deletes the policy.
func (c Claimed) Fix() []change.Change {
	return []change.Change{change.IPsecDel{Netns: c.Netns(), Src: c.Policy.Src, Dst: c.Policy.Dst, Dir: c.Policy.Dir}}
}

// Secured is a packet that leaves inside IPsec, where it is not followed.
type Secured struct {
	At
	Flow   flows.Flow
	Policy machine.Policy
}

// Said names the policy.
func (s Secured) Said() say.Text {
	return say.T("an IPsec policy of %s from %s to %s takes %s, which is not followed in there", "%s 的一条从 %s 到 %s 的 IPsec 策略接走了 %s，之后没有跟踪",
		machine.Called(s.Netns()), s.Policy.Src, s.Policy.Dst, s.Flow)
}

// Same goes by the policy.
func (s Secured) Same(o Unseen) bool {
	other, ok := o.(Secured)
	return ok && other == s
}
