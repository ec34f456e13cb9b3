#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;

#[test]
fn addresses_lose_port_and_brackets() {
    for (given, expected) in [
        ("[2a01:111:f100::1]:47114", "2a01:111:f100::1"),
        ("[::1]", "::1"),
        ("62.149.20.10:62589", "62.149.20.10"),
        ("62.149.20.10", "62.149.20.10"),
        ("2603:10a6:20b:f0:cafe::69", "2603:10a6:20b:f0:cafe::69"),
        ("::1", "::1"),
        ("::ffff:172.18.39.6", "172.18.39.6"),
        ("fe80::1%eth0", "fe80::1%eth0"),
        ("ec2.amazonaws.com", "ec2.amazonaws.com"),
        ("host:8080", "host"),
        ("AWS Internal", "AWS_Internal"),
        ("<no address>", "no_address"),
        ("", ""),
    ] {
        assert_eq!(fit_address(given), expected, "{given}");
    }
}

#[test]
fn names_keep_what_fits_and_are_cut() {
    for (given, expected) in [
        ("ConsoleLogin", "ConsoleLogin"),
        ("Add-MailboxPermission", "Add-MailboxPermission"),
        ("Add member to role.", "Add_member_to_role."),
        ("Update application – Certificates ", "Update_application_Certificates"),
        ("日本", ""),
    ] {
        assert_eq!(fit_name(given), expected, "{given}");
    }
    assert_eq!(fit_name(&"x".repeat(300)).len(), NAME_BYTES);
}

#[test]
fn words_and_accounts_stay_on_one_line() {
    assert_eq!(fit_word("DB6PR04MB3206 (15.20)\r\n"), "DB6PR04MB3206_(15.20)");
    assert_eq!(fit_uid("NT AUTHORITY\\SYSTEM (w3wp)\n"), "NT AUTHORITY\\SYSTEM (w3wp)");
    assert_eq!(fit_uid(&"é".repeat(200)).len(), 256);
}

#[test]
fn tenants_become_locators_and_no_two_the_same() {
    let hashed = |fitted: &str, id: &str| format!("{fitted}.{}", &hex::encode(Sha256::digest(id))[..HASH_DIGITS]);
    let of_a_b = hashed("a-b", "a/b");
    let long = "x".repeat(LOCATOR_BYTES + 1);
    for (id, expected) in [
        ("theshire.local", "theshire.local".to_owned()),
        ("a-b", "a-b".to_owned()),
        (" a-b\n", "a-b".to_owned()),
        ("<organization account>", hashed("-organization-account-", "<organization account>")),
        ("a/b", of_a_b.clone()),
        ("a b", hashed("a-b", "a b")),
        // Nobody gets into the organization of a/b by taking its name.
        (&of_a_b, hashed(&of_a_b, &of_a_b)),
        (&long, hashed(&long[1..], &long)),
    ] {
        let fitted = fit_locator(id);
        assert_eq!(fitted, expected, "{id}");
        assert!(indelible_event::Organization::is_valid(&format!("ri.indelible..organization.{fitted}")), "{id}");
    }
}
