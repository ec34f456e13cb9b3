//! The classes of OCSF that events become.

/// A class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// 3001
    AccountChange,
    /// 3002
    Authentication,
    /// 3004
    EntityManagement,
    /// 3006
    GroupManagement,
    /// 6001
    WebResourcesActivity,
    /// 6002
    ApplicationLifecycle,
    /// 6003
    ApiActivity,
    /// 1008
    EventLogActivity,
}

impl Class {
    /// `class_uid`
    pub fn uid(self) -> u32 {
        match self {
            Class::AccountChange => 3001,
            Class::Authentication => 3002,
            Class::EntityManagement => 3004,
            Class::GroupManagement => 3006,
            Class::WebResourcesActivity => 6001,
            Class::ApplicationLifecycle => 6002,
            Class::ApiActivity => 6003,
            Class::EventLogActivity => 1008,
        }
    }

    /// `class_name`
    pub fn name(self) -> &'static str {
        match self {
            Class::AccountChange => "Account Change",
            Class::Authentication => "Authentication",
            Class::EntityManagement => "Entity Management",
            Class::GroupManagement => "Group Management",
            Class::WebResourcesActivity => "Web Resources Activity",
            Class::ApplicationLifecycle => "Application Lifecycle",
            Class::ApiActivity => "API Activity",
            Class::EventLogActivity => "Event Log Activity",
        }
    }

    /// `category_uid`
    pub fn category_uid(self) -> u32 {
        self.uid() / 1000
    }

    /// `category_name`
    pub fn category_name(self) -> &'static str {
        match self.category_uid() {
            1 => "System Activity",
            3 => "Identity & Access Management",
            _ => "Application Activity",
        }
    }

    /// The name of an `activity_id` of the class that a mapping uses.
    pub(super) fn activity_name(self, activity: u8) -> &'static str {
        match (self, activity) {
            (_, 0) => "Unknown",
            (Class::Authentication, 1) => "Logon",
            (Class::Authentication, 2) => "Logoff",
            (Class::EventLogActivity, 3) => "Export",
            (Class::ApplicationLifecycle, 3) => "Start",
            (Class::ApplicationLifecycle, 4) => "Stop",
            (Class::ApplicationLifecycle, 5) => "Restart",
            (Class::ApplicationLifecycle, 8) => "Update",
            (_, 1) => "Create",
            (_, 2) => "Read",
            (_, 3) => "Update",
            (_, 4) => "Delete",
            (Class::WebResourcesActivity, 5) => "Search",
            (Class::WebResourcesActivity, 6) => "Import",
            (Class::WebResourcesActivity, 7) => "Export",
            (Class::WebResourcesActivity, 8) => "Share",
            (Class::EntityManagement, 9) => "Disable",
            _ => "Other",
        }
    }
}
