package progress

import "nstutor/internal/say"

// Say tells the count: "6/6 done, 4 by hand, 4 of 5 predictions right, 1 hint".
// Only predictions that were made are spoken of, and hands that did something.
func (s Sum) Say() say.Text {
	predicted := say.T("no predictions", "没有做预测")
	if s.Answered > 0 {
		predicted = say.T("%d of "+plural(s.Answered, "%d prediction", "%d predictions")+" right", "预测 %[2]d 次，对 %[1]d 次", s.Right, s.Answered)
	}
	done := say.T("%d/%d done", "完成 %d/%d", s.Done, s.Steps)
	if s.Hand > 0 {
		done = say.T("%s, %d by hand", "%s，亲手完成 %d", done, s.Hand)
	}
	return say.T("%s, %s, %s", "%s，%s，%s", done, predicted, sayHints(s.Hints))
}
