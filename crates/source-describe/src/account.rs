//! Settings of the account that no template can say: whether QuickSight is the edition that
//! encrypts, and whom AWS calls.

use sekisho_estate::NodeId;

use crate::make::Maker;

/// The subscription to QuickSight.
/// <https://docs.aws.amazon.com/quicksight/latest/APIReference/API_DescribeAccountSubscription.html>
pub(crate) fn quicksight(maker: &mut Maker<'_>, item: NodeId) {
    let Some(name) = maker.text(item, "AccountName") else {
        return maker.problem("a subscription to QuickSight without AccountName");
    };
    let method = maker.at(item, "AuthenticationType");
    let draft = maker
        .draft("Sekisho::Account::QuickSightSubscription", &name, item)
        .copy(maker, item, &["AccountName", "Edition", "NotificationEmail"])
        .with("AuthenticationMethod", method);
    maker.add(draft);
}

/// Whom AWS calls about security, operations or bills.
/// <https://docs.aws.amazon.com/accounts/latest/reference/API_GetAlternateContact.html>
pub(crate) fn contact(maker: &mut Maker<'_>, item: NodeId) {
    let Some(kind) = maker.text(item, "AlternateContactType") else {
        return maker.problem("an alternate contact without AlternateContactType");
    };
    let names = ["AlternateContactType", "EmailAddress", "Name", "PhoneNumber", "Title"];
    let draft = maker
        .draft("Sekisho::Account::AlternateContact", &format!("contact/{kind}"), item)
        .copy(maker, item, &names);
    maker.add(draft);
}
