package record

// Facts are what is known of a complaint when it arrives, besides its signals:
// free of personal data and of how it was handled or ended. An erasure leaves
// them as they are, so that they say the same of history as they said then.
type Facts struct {
	Source, Channel, Type, Product, Language, Currency string

	Amount   Number
	Received Moment
}

// Facts of a complaint as it arrived.
func (c *Complaint) Facts() Facts {
	return Facts{c.Source, c.Channel, c.Type, c.Product, c.Language, c.Currency, c.Amount, c.Received}
}

// Facts of a kept complaint, the same as at its admission.
func (k *Kept) Facts() Facts {
	return Facts{k.Source, k.Channel, k.Type, k.Product, k.Language, k.Currency, k.Amount, Moment{k.Received, k.Precision}}
}
