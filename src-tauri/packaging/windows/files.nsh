; Putting the program's files in place, and taking that back.

; Everything that lies at the top of the program's folder. The updater keeps to the same names.
!macro EachFile do
  !insertmacro ${do} "bin"
  !insertmacro ${do} "licences"
  !insertmacro ${do} "${NAME}.exe"
  !insertmacro ${do} "${NAME}.png"
  !insertmacro ${do} "WebView2Loader.dll"
  !insertmacro ${do} "install.json"
  !insertmacro ${do} "uninstall.exe"
!macroend

!macro Remove name
  ${If} ${FileExists} "$INSTDIR\${name}\*.*"
    RMDir /r "$INSTDIR\${name}"
  ${Else}
    Delete "$INSTDIR\${name}"
  ${EndIf}
!macroend

!macro CheckName name
  ${If} ${FileExists} "$INSTDIR\${name}"
    StrCpy $R1 "${name}"
    StrCpy $Problem "$(Foreign)"
    StrCpy $Code ${CODE_FOREIGN}
  ${EndIf}
!macroend

; Later versions and the uninstaller delete these names: what has them now must be ours.
Function CheckFolder
  StrCpy $Problem ""
  ${IfNot} ${FileExists} "$INSTDIR\install.json"
    !insertmacro EachFile CheckName
  ${EndIf}
FunctionEnd

!macro TakeAside name
  ${If} ${FileExists} "$INSTDIR\${name}"
    Rename "$INSTDIR\${name}" "$INSTDIR\old.tmp\${name}"
  ${EndIf}
!macroend

!macro PutInPlace name
  ${If} ${FileExists} "$INSTDIR\new.tmp\${name}"
    Rename "$INSTDIR\new.tmp\${name}" "$INSTDIR\${name}"
  ${EndIf}
!macroend

!macro BringBack name
  ${If} ${FileExists} "$INSTDIR\old.tmp\${name}"
    !insertmacro Remove "${name}"
    Rename "$INSTDIR\old.tmp\${name}" "$INSTDIR\${name}"
  ${EndIf}
!macroend

; Takes each old file aside and puts the new one there; on a failure all old ones come back.
Function Swap
  StrCpy $Problem ""
  RMDir /r "$INSTDIR\old.tmp"
  CreateDirectory "$INSTDIR\old.tmp"
  ClearErrors
  !insertmacro EachFile TakeAside
  ${IfNot} ${Errors}
    !insertmacro EachFile PutInPlace
  ${EndIf}
  ${If} ${Errors}
    StrCpy $Problem "$(NotWritable)"
    StrCpy $Code ${CODE_WRITE}
    !insertmacro EachFile BringBack
  ${Else}
    RMDir /r "$INSTDIR\.update" ; an update the program was about to make is out of date now
  ${EndIf}
  RMDir /r "$INSTDIR\old.tmp"
  RMDir /r "$INSTDIR\new.tmp"
FunctionEnd

; Removes what was unpacked but not put in place.
Function TakeBack
  SetOutPath "$TEMP"
  RMDir /r "$INSTDIR\new.tmp"
  RMDir "$INSTDIR" ; only when empty
  StrCpy $Problem "$(NotWritable)"
  StrCpy $Code ${CODE_WRITE}
FunctionEnd
