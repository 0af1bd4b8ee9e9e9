package format

// Standing words how a case stands with the model that judges now: that its
// complaint is no longer flagged, or that the model has not judged it yet. Flagged
// and outdated are of the latest decision, which model made; "" where there is
// nothing to say, as where the decision is hidden (nil).
func (f Format) Standing(flagged *bool, outdated bool, model string) string {
	switch {
	case flagged == nil:
		return ""
	case !*flagged && outdated:
		return f.Words.T("case_stands_unflagged_by", "model", model)
	case !*flagged:
		return f.Words.T("case_stands_unflagged")
	case outdated:
		return f.Words.T("case_stands_outdated", "model", model)
	}
	return ""
}
